// The echo servers on Tokio, as its documentation has them (tokio::net::TcpListener, UdpSocket): a
// task per connection. One thread: the current-thread runtime, which needs no synchronisation.
// Usage: program tcp-echo|tcp-sink|udp-echo. Prints "listening on 127.0.0.1:PORT".
use std::io::Result;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};

const BUFFER_SIZE: usize = 64 * 1024;
const BACKLOG: u32 = 4096;

async fn echo(mut stream: TcpStream, is_sink: bool) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; BUFFER_SIZE];
    loop {
        let length = stream.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        if !is_sink {
            stream.write_all(&buffer[..length]).await?;
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
