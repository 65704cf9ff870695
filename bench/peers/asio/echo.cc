// The echo servers on standalone Asio, as its examples have them (think-async.com, C++11 examples,
// "Echo"), tuned as its reference says for one thread: the concurrency hint that leaves out the
// locks; and a write is tried at once (non_blocking), for one that completes later passes the queue
// and costs a wait more. Handlers keep their session alive; their memory is recycled by Asio.
// Usage: echo tcp-echo|tcp-sink|udp-echo|--version. Prints "listening on 127.0.0.1:PORT".
#include <array>
#include <asio.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

using asio::ip::tcp;
using asio::ip::udp;

constexpr size_t kBufferSize = 64 * 1024;
constexpr int kBacklog = 4096;

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, bool is_sink) : socket_(std::move(socket)), is_sink_(is_sink) {}

  void Read() {
    socket_.async_read_some(asio::buffer(bytes_),
                            [self = shared_from_this()](std::error_code error, size_t length) {
                              if (error) return;
                              if (self->is_sink_) return self->Read();
                              self->Write(length);
                            });
  }

 private:
  void Write(size_t length) {
    std::error_code error;
    const size_t written = socket_.write_some(asio::buffer(bytes_, length), error);
    if (error && error != asio::error::would_block) return;
    if (written == length) return Read();
    asio::async_write(socket_, asio::buffer(bytes_.data() + written, length - written),
                      [self = shared_from_this()](std::error_code failure, size_t) {
                        if (!failure) self->Read();
                      });
  }

  tcp::socket socket_;
  const bool is_sink_;
  std::array<char, kBufferSize> bytes_;
};

class Listener {
 public:
  Listener(asio::io_context& context, bool is_sink) : acceptor_(context), is_sink_(is_sink) {
    acceptor_.open(tcp::v4());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind({asio::ip::address_v4::loopback(), 0});
    acceptor_.listen(kBacklog);
    Accept();
  }

  unsigned short Port() const { return acceptor_.local_endpoint().port(); }

 private:
  void Accept() {
    acceptor_.async_accept([this](std::error_code error, tcp::socket socket) {
      if (!error) {
        socket.set_option(tcp::no_delay(true), error);
        socket.non_blocking(true, error);
        std::make_shared<Session>(std::move(socket), is_sink_)->Read();
      }
      Accept();
    });
  }

  tcp::acceptor acceptor_;
  const bool is_sink_;
};

class Datagrams {
 public:
  explicit Datagrams(asio::io_context& context)
      : socket_(context, {asio::ip::address_v4::loopback(), 0}) {
    socket_.non_blocking(true);  // what the kernel does not take is dropped, as UDP may
    Receive();
  }

  unsigned short Port() const { return socket_.local_endpoint().port(); }

 private:
  void Receive() {
    socket_.async_receive_from(asio::buffer(bytes_), from_,
                               [this](std::error_code error, size_t length) {
                                 if (!error) {
                                   socket_.send_to(asio::buffer(bytes_, length), from_, 0, error);
                                 }
                                 Receive();
                               });
  }

  udp::socket socket_;
  udp::endpoint from_;
  std::array<char, kBufferSize> bytes_;
};

template <typename Server, typename... More>
int Serve(More... more) {
  asio::io_context context(ASIO_CONCURRENCY_HINT_UNSAFE);
  const Server server(context, more...);
  std::cout << "listening on 127.0.0.1:" << server.Port() << std::endl;
  context.run();
  return 0;
}

int main(int argc, char** argv) {
  const std::string role = argc == 2 ? argv[1] : "";
  if (role == "tcp-echo" || role == "tcp-sink") return Serve<Listener>(role == "tcp-sink");
  if (role == "udp-echo") return Serve<Datagrams>();
  if (role == "--version") {
    std::cout << ASIO_VERSION / 100000 << '.' << ASIO_VERSION / 100 % 1000 << '.'
              << ASIO_VERSION % 100 << '\n';
    return 0;
  }
  std::cerr << "usage: echo tcp-echo|tcp-sink|udp-echo|--version\n";
  return 2;
}
