// SPDX-License-Identifier: MIT

package serving

import (
	"errors"
	"io"
	"sync"
	"syscall"
)

// ending is how a connection ended.
type ending int

const (
	endedByPeer ending = iota
	endedByReset
	endedByError
)

func endingOf(err error) ending {
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return endedByPeer
	case errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE):
		return endedByReset
	}
	return endedByError
}

// work is what a workload does with received bytes before they go back; nil: nothing.
type work interface {
	received(bytes []byte, counts *traffic)
}

// echoOwned is the usual loop: the connection has a buffer of its own. Returns what ended it.
func (s *session) echoOwned(bytes int, does work) error {
	buffer := make([]byte, bytes)
	for {
		count, err := s.connection.Read(buffer)
		if count > 0 {
			if err := s.answer(buffer[:count], does); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
}

// echoLent has a buffer from the pool from a read that found bytes to the write that answers it:
// a connection that waits holds none. RawConn.Read calls the function whenever there may be bytes.
func (s *session) echoLent(pool *sync.Pool, does work) error {
	raw, err := s.connection.SyscallConn()
	if err != nil {
		return err
	}
	var buffer *[]byte
	var count int
	var failed error
	read := func(descriptor uintptr) bool {
		buffer = pool.Get().(*[]byte)
		count, failed = readOnce(int(descriptor), *buffer)
		if failed == syscall.EAGAIN {
			pool.Put(buffer)
			return false
		}
		return true
	}
	for {
		if err := raw.Read(read); err != nil {
			return err
		}
		if failed == nil && count > 0 {
			failed = s.answer((*buffer)[:count], does)
		} else if failed == nil {
			failed = io.EOF
		}
		pool.Put(buffer)
		if failed != nil {
			return failed
		}
	}
}

func readOnce(descriptor int, into []byte) (int, error) {
	for {
		count, err := syscall.Read(descriptor, into)
		if err != syscall.EINTR {
			return count, err
		}
	}
}

// answer counts also what was sent of a write that the peer's leaving cut short.
func (s *session) answer(bytes []byte, does work) error {
	s.traffic.received.Add(int64(len(bytes)))
	if does != nil {
		does.received(bytes, &s.traffic)
	}
	sent, err := s.connection.Write(bytes)
	s.traffic.sent.Add(int64(sent))
	return err
}
