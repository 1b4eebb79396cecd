// SPDX-License-Identifier: MIT

// Package serving has the workloads that clients connect to: echo, idle, hog.
package serving

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"tailrace/internal/protocol"
)

// pauseAfterRefusal: out of descriptors or memory; sessions that end will free some.
const pauseAfterRefusal = 10 * time.Millisecond

// Workloads are those that Start serves.
var Workloads = []string{"echo", "idle", "hog"}

// Options are those of the server and of its workloads.
func Options() []protocol.Option {
	all := []protocol.Option{
		protocol.Choice("buffer", "owned: one a connection, as usual; lent: from a pool, from read "+
			"to write", "owned", "lent"),
		protocol.Integer("buffer_bytes", "size of that buffer", 32768, 64, 1<<20),
		protocol.Integer("tasks", "goroutines that sleep: in idle until one hour from now", 0, 0,
			10_000_000).For("idle", "timer"),
	}
	return append(all, hogOptions()...)
}

// Server is a Target.
type Server struct {
	request              *protocol.Request
	listener             *net.TCPListener
	ledger               *ledger
	pool                 sync.Pool // of *[]byte, where buffers are lent
	hog                  hogSettings
	running              sync.WaitGroup // accept loop, sessions, sleepers
	stopping             chan struct{}
	sleeping, wokenEarly atomic.Int64
}

// Start listens, accepts, and returns when all sleepers are asleep.
func Start(request *protocol.Request) (*Server, error) {
	// Since Go 1.24 a listener is one of MPTCP unless told otherwise; the workload is TCP.
	config := net.ListenConfig{}
	config.SetMultipathTCP(false)
	address := netip.AddrPortFrom(request.Host, request.Port).String()
	listener, err := config.Listen(context.Background(), "tcp4", address)
	if err != nil {
		var inner *net.OpError
		if errors.As(err, &inner) {
			err = inner.Err
		}
		return nil, protocol.RefusedByKernel("cannot listen on "+address, err)
	}
	server := &Server{request: request, listener: listener.(*net.TCPListener),
		ledger: newLedger(), stopping: make(chan struct{})}
	server.pool.New = func() any {
		buffer := make([]byte, request.Options.Int("buffer_bytes"))
		return &buffer
	}
	if request.Workload == "hog" {
		server.hog = hogSettingsOf(request.Options)
	}
	if request.Workload == "idle" {
		server.sleep(request.Options.Int("tasks"))
	}
	server.running.Add(1)
	go server.accept()
	return server, nil
}

func (s *Server) accept() {
	defer s.running.Done()
	for {
		connection, err := s.listener.AcceptTCP() // which sets TCP_NODELAY
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			s.ledger.refused()
			time.Sleep(pauseAfterRefusal)
		default:
			s.running.Add(1)
			go s.serve(connection)
		}
	}
}

func (s *Server) serve(connection *net.TCPConn) {
	defer s.running.Done()
	one := &session{connection: connection}
	if !s.ledger.enter(one) {
		_ = connection.Close()
		return
	}
	var does work
	if s.request.Workload == "hog" {
		does = &hog{hogSettings: s.hog}
	}
	var err error
	if s.request.Options.String("buffer") == "lent" {
		err = one.echoLent(&s.pool, does)
	} else {
		err = one.echoOwned(int(s.request.Options.Int("buffer_bytes")), does)
	}
	_ = connection.Close()
	s.ledger.leave(one, endingOf(err))
}

// sleep returns once all of the sleepers are asleep or about to be: between its count and its
// waiting in the runtime a goroutine does nothing else.
func (s *Server) sleep(tasks int64) {
	for range tasks {
		s.running.Add(1)
		go s.sleeper()
	}
	for s.sleeping.Load() < tasks {
		time.Sleep(time.Millisecond)
	}
}

func (s *Server) sleeper() {
	defer s.running.Done()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	s.sleeping.Add(1)
	defer s.sleeping.Add(-1)
	select {
	case <-timer.C:
		s.wokenEarly.Add(1)
	case <-s.stopping:
	}
}

// Ready is part of Target.
func (s *Server) Ready() protocol.Ready {
	host := s.request.Host.String()
	if s.request.Host.IsUnspecified() {
		host = "127.0.0.1"
	}
	port := s.listener.Addr().(*net.TCPAddr).Port
	return protocol.Ready{Addresses: []string{fmt.Sprintf("%s:%d", host, port)}, Backend: "epoll"}
}

// Begin is part of Target.
func (s *Server) Begin() {}

// Done is part of Target: nil, since a server ends when it is told to.
func (s *Server) Done() <-chan struct{} { return nil }

// Sample is part of Target.
func (s *Server) Sample() protocol.Counts {
	counts := s.ledger.counts(s.request.Workload == "hog")
	if s.request.Workload == "idle" {
		counts["sleeping"] = s.sleeping.Load()
		counts["woken_early"] = s.wokenEarly.Load()
	}
	return counts
}

// Finish is part of Target.
func (s *Server) Finish() protocol.Outcome {
	_ = s.listener.Close()
	if s.hog.abandoned != nil {
		s.hog.abandoned.Store(true)
	}
	close(s.stopping)
	s.ledger.endAll()
	s.running.Wait()
	return protocol.Outcome{Counts: s.Sample()}
}
