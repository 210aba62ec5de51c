// Command server is the simulated cloud in a process of its own; package cloud starts it.
//
// It listens on loopback and prints its address once it does. SIGTERM and SIGINT end it; so does any other signal,
// because its books are on disk before it answers.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/books"
)

func main() {
	dir := flag.String("dir", "", "folder of the books")
	listen := flag.String("listen", "127.0.0.1:0", "address")
	flag.Parse()
	// It shares its machine with what is measured.
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(50)
	if err := run(*dir, *listen); err != nil {
		log.Fatal(err)
	}
}

func run(dir, listen string) error {
	b, err := books.Open(dir, time.Now)
	if err != nil {
		return err
	}
	defer b.Close()
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	srv := &http.Server{Handler: newFront(ctx, b), ReadHeaderTimeout: time.Minute}
	fmt.Println(l.Addr())
	go func() {
		<-ctx.Done()
		_ = srv.Close() // hanging requests never end by themselves
	}()
	if err := srv.Serve(l); ctx.Err() == nil {
		return err
	}
	return nil
}
