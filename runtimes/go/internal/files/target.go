// SPDX-License-Identifier: MIT

// Package files has the in-process workload `file-read`: goroutines that read blocks of one file by
// os.File.ReadAt, each of which holds an OS thread while the kernel reads.
package files

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"tailrace/internal/inprocess"
	"tailrace/internal/protocol"
)

// Options are those of the workload beside `seed`, which the timers have too.
func Options() []protocol.Option {
	options := []protocol.Option{
		protocol.Needed("file", "path of the stamped file"),
		protocol.Choice("cache", "warm, cold: read through the page cache, cold: no block twice; "+
			"direct: past it", "warm", "cold", "direct"),
		protocol.Integer("block_bytes", "of a read, a multiple of 4096", 4096, 4096, 1<<20).
			MultipleOf(4096),
		protocol.Integer("concurrency", "goroutines that read", 16, 1, 4096),
		protocol.Integer("reads", "of all; 0: as many as duration_ms allows", 0, 0, math.MaxInt64),
		protocol.Integer("duration_ms", "how long they read", 1000, 1, 3_600_000),
		protocol.Integer("stamp_seed", "of the stamps in the file", 1, 0, math.MaxInt64),
	}
	for i := range options {
		options[i] = options[i].For("file-read")
	}
	return options
}

// reader is one goroutine; the counts are its own, read by samples.
type reader struct {
	reads, bytes, short, errors atomic.Int64
	found, expected             atomic.Uint64
	latency                     inprocess.Histogram
	buffer                      []byte
}

// Target is the workload under way.
type Target struct {
	file         *os.File
	order        order
	limit        uint64 // reads there are to be
	blockBytes   uint64
	stampSeed    uint64
	byTime       bool
	duration     time.Duration
	readers      []*reader
	begun, ended inprocess.Moment
	started      bool // by the main goroutine
	stopping     atomic.Bool
	done         chan struct{}
}

// Start opens the file and has the buffers; nothing is read before Begin().
func Start(request *protocol.Request) (*Target, error) {
	options := request.Options
	path := options.String("file")
	refused := func(err error) error {
		return &protocol.Refused{Message: fmt.Sprintf("cannot read %s: %v", path, err),
			Remedy: "give a file that exists, may be read, and has at least one block"}
	}
	flags := os.O_RDONLY
	if options.String("cache") == "direct" {
		flags |= syscall.O_DIRECT
	}
	file, err := os.OpenFile(path, flags, 0)
	if err != nil {
		return nil, refused(err)
	}
	about, err := file.Stat()
	if err != nil {
		return nil, refused(err)
	}
	t := &Target{
		file:       file,
		blockBytes: uint64(options.Int("block_bytes")),
		stampSeed:  uint64(options.Int("stamp_seed")),
		duration:   time.Duration(options.Int("duration_ms")) * time.Millisecond,
		byTime:     options.Int("reads") == 0,
		limit:      uint64(options.Int("reads")),
		done:       make(chan struct{}),
	}
	blocks := uint64(about.Size()) / t.blockBytes
	if blocks == 0 {
		return nil, refused(errors.New("it is smaller than a block"))
	}
	t.order = newOrder(blocks, uint64(options.Int("seed")))
	if t.byTime {
		t.limit = math.MaxUint64
	}
	if options.String("cache") == "cold" {
		t.limit = min(t.limit, blocks)
	}
	// Advice: that it is not taken is no failure.
	_ = unix.Fadvise(int(file.Fd()), 0, 0, unix.FADV_RANDOM)
	for range options.Int("concurrency") {
		t.readers = append(t.readers, &reader{buffer: alignedBuffer(int(t.blockBytes))})
	}
	return t, nil
}

// alignedBuffer is aligned to stampedBytes, as direct reads need it, its pages touched.
func alignedBuffer(size int) []byte {
	memory := make([]byte, size+stampedBytes)
	skip := -int(uintptr(unsafe.Pointer(&memory[0]))) & (stampedBytes - 1)
	buffer := memory[skip : skip+size : skip+size]
	for i := 0; i < size; i += stampedBytes {
		buffer[i] = 1
	}
	return buffer
}

// Ready is part of protocol.Target.
func (t *Target) Ready() protocol.Ready {
	return protocol.Ready{Backend: "pread on a thread for each read under way"}
}

// Begin is part of protocol.Target.
func (t *Target) Begin() {
	if !t.started {
		t.started = true
		go t.work()
	}
}

func (t *Target) work() {
	defer close(t.done)
	t.begun = inprocess.Now()
	end := t.begun.At.Add(t.duration)
	var reading sync.WaitGroup
	for i, one := range t.readers {
		reading.Add(1)
		go func() {
			defer reading.Done()
			t.read(one, uint64(i), end)
		}()
	}
	reading.Wait()
	t.ended = inprocess.Now()
}

func (t *Target) read(one *reader, number uint64, end time.Time) {
	for ; number < t.limit && !t.stopping.Load(); number += uint64(len(t.readers)) {
		offset := t.order.at(number) * t.blockBytes
		asked := time.Now()
		if t.byTime && !asked.Before(end) {
			return
		}
		count, err := t.file.ReadAt(one.buffer, int64(offset))
		took := time.Since(asked)
		if err != nil && !errors.Is(err, io.EOF) {
			one.errors.Add(1)
			return
		}
		t.note(one, offset, count, took)
	}
}

func (t *Target) note(one *reader, offset uint64, count int, took time.Duration) {
	one.latency.Record(int64(took))
	var expected uint64
	for at := uint64(0); at < t.blockBytes; at += stampedBytes {
		expected += stamp(t.stampSeed, (offset+at)/stampedBytes)
	}
	one.found.Add(stampsIn(one.buffer[:count]))
	one.expected.Add(expected)
	if uint64(count) != t.blockBytes {
		one.short.Add(1)
	}
	one.bytes.Add(int64(count))
	one.reads.Add(1)
}

// Sample is part of protocol.Target.
func (t *Target) Sample() protocol.Counts {
	counts := protocol.Counts{"reads": 0, "read_bytes": 0, "short_reads": 0, "errors": 0,
		"stamp_sum": 0, "expected_sum": 0}
	for _, one := range t.readers {
		counts["reads"] += one.reads.Load()
		counts["read_bytes"] += one.bytes.Load()
		counts["short_reads"] += one.short.Load()
		counts["errors"] += one.errors.Load()
		counts["stamp_sum"] += int64(one.found.Load())
		counts["expected_sum"] += int64(one.expected.Load())
	}
	return counts
}

// Done is part of protocol.Target.
func (t *Target) Done() <-chan struct{} { return t.done }

// Finish is part of protocol.Target.
func (t *Target) Finish() protocol.Outcome {
	t.stopping.Store(true)
	if t.started {
		<-t.done
	}
	counts := t.Sample()
	counts["whole_ns"], counts["whole_cpu_ns"] = t.begun.Until(t.ended)
	var latency inprocess.Histogram
	for _, one := range t.readers {
		latency.Add(&one.latency)
	}
	return protocol.Outcome{Counts: counts,
		Histograms: map[string][][2]int64{"read_ns": latency.Pairs()}}
}
