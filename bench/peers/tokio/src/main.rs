// The echo servers on Tokio, as its documentation has them (tokio::net::TcpListener, AsyncRead,
// UdpSocket): a task per connection. All tasks read into one buffer of the thread, when there is
// something to read: a buffer in each would be 64 KiB of memory per connection. `poll_read` takes a
// read that has not filled the buffer for the end of what there is; `readable` and `try_read` do not,
// and make a second recv per message. One thread: the current-thread runtime, which needs no
// synchronisation. Usage: program tcp-echo|tcp-sink|udp-echo. Prints "listening on 127.0.0.1:PORT".
use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{ErrorKind, Result};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{ready, Context, Poll};
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};

const BUFFER_SIZE: usize = 64 * 1024;
const BACKLOG: u32 = 4096;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; BUFFER_SIZE]);
}

/// What has become of one read.
enum Turn {
    Ended,
    Done,
    /// The peer has not taken this of it.
    Owes(Vec<u8>),
}

fn poll_turn(
    stream: &mut TcpStream,
    context: &mut Context<'_>,
    is_sink: bool,
) -> Poll<Result<Turn>> {
    BUFFER.with(|shared| {
        let mut buffer = shared.borrow_mut();
        let mut read = ReadBuf::new(&mut buffer);
        ready!(Pin::new(&mut *stream).poll_read(context, &mut read))?;
        let bytes = read.filled();
        if bytes.is_empty() {
            return Poll::Ready(Ok(Turn::Ended));
        }
        Poll::Ready(if is_sink { Ok(Turn::Done) } else { pass_on(stream, bytes) })
    })
}

fn pass_on(stream: &TcpStream, bytes: &[u8]) -> Result<Turn> {
    let sent = match stream.try_write(bytes) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
        other => other?,
    };
    if sent == bytes.len() {
        return Ok(Turn::Done);
    }
    Ok(Turn::Owes(bytes[sent..].to_vec()))
}

async fn echo(mut stream: TcpStream, is_sink: bool) -> Result<()> {
    stream.set_nodelay(true)?;
    loop {
        match poll_fn(|context| poll_turn(&mut stream, context, is_sink)).await? {
            Turn::Ended => return Ok(()),
            Turn::Done => (),
            Turn::Owes(rest) => stream.write_all(&rest).await?,
        }
    }
}

async fn serve_tcp(address: SocketAddr, is_sink: bool) -> Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let listener = socket.listen(BACKLOG)?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(echo(stream, is_sink));
    }
}

async fn serve_udp(address: SocketAddr) -> Result<()> {
    let socket = UdpSocket::bind(address).await?;
    println!("listening on {}", socket.local_addr()?);
    let mut buffer = vec![0; BUFFER_SIZE];
    loop {
        let (length, from) = socket.recv_from(&mut buffer).await?;
        socket.send_to(&buffer[..length], from).await?;
    }
}

fn main() -> Result<()> {
    let role = std::env::args().nth(1).unwrap_or_default();
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    match role.as_str() {
        "tcp-echo" => runtime.block_on(serve_tcp(address, false)),
        "tcp-sink" => runtime.block_on(serve_tcp(address, true)),
        "udp-echo" => runtime.block_on(serve_udp(address)),
        _ => {
            eprintln!("usage: program tcp-echo|tcp-sink|udp-echo");
            std::process::exit(2)
        }
    }
}
