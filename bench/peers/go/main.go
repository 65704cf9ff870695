// The servers on Go's net and net/http, as their documentation has them: a goroutine per connection.
// A read and a write per message: io.Copy would splice through a pipe, which is made for bulk. Go
// sets TCP_NODELAY, SO_REUSEADDR and the kernel's largest backlog by itself.
// Usage: program tcp-echo|tcp-sink|udp-echo|http. Prints "listening on 127.0.0.1:PORT".
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
)

const (
	bufferSize = 64 * 1024
	body       = "hello, world\n"
)

func echo(conn net.Conn, isSink bool) {
	defer conn.Close()
	buffer := make([]byte, bufferSize)
	for {
		length, err := conn.Read(buffer)
		if err != nil {
			return
		}
		if isSink {
			continue
		}
		if _, err := conn.Write(buffer[:length]); err != nil {
			return
		}
	}
}

func serveTCP(listener net.Listener, isSink bool) error {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go echo(conn, isSink)
	}
}

func serveUDP() error {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	fmt.Println("listening on", conn.LocalAddr())
	buffer := make([]byte, bufferSize)
	for {
		length, from, err := conn.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return err
		}
		if _, err := conn.WriteToUDPAddrPort(buffer[:length], from); err != nil {
			return err
		}
	}
}

func hello(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	io.WriteString(w, body)
}

func serve(role string) error {
	if role == "udp-echo" {
		return serveUDP()
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("listening on", listener.Addr())
	if role == "http" {
		return http.Serve(listener, http.HandlerFunc(hello))
	}
	return serveTCP(listener, role == "tcp-sink")
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: program tcp-echo|tcp-sink|udp-echo|http")
	}
	log.Fatal(serve(os.Args[1]))
}
