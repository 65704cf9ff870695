// Does nothing for ever.
setInterval(() => undefined, 1000);
