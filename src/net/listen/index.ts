// listen/: listening sockets, and what they accept.
export { Acceptor, type AcceptStats, type ExhaustionPolicy } from './acceptor.ts';
export { type AdoptListenerOptions, adoptListener, listen, openByOptions } from './listen.ts';
export { checkPolicy, Listener, type ListenOptions, ON_CLOSED } from './listener.ts';
export { checkProxyOptions, type ProxyOptions, ProxyReader } from './proxy-reader.ts';
