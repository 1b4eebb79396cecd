// SPDX-License-Identifier: MIT

package protocol

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
)

const (
	exitFailed   = 1
	exitBadUsage = 2

	commandBytesMax = 256
)

// Ready is what `ready` tells beside what the request says.
type Ready struct {
	Addresses []string
	Backend   string
	Granted   map[string]any // options in force; those of the request are added
}

// Outcome is what `result` tells.
type Outcome struct {
	Counts     Counts
	Metrics    map[string]any
	Histograms map[string][][2]int64 // name to pairs of a value and how often it was
}

// Target is a workload under way, from the main goroutine's point of view, which alone calls it.
type Target interface {
	Ready() Ready
	// Begin is `start`: in-process workloads begin. Served ones ignore it.
	Begin()
	// Sample gives the counts now, while the work goes on.
	Sample() Counts
	// Done is closed when in-process work has ended by itself; of served work it may be nil.
	Done() <-chan struct{}
	// Finish ends the work within five seconds, closes what is open, and gives the final counts.
	Finish() Outcome
}

// Main is the whole of a target's main(); it returns the exit code. The end of standard input ends
// the process at once, at any point; so does SIGTERM, by its default action.
func Main(description *Description, start func(*Request) (Target, error)) int {
	request, err := parse(description, os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "tailrace-target-%s: %v\n", description.ID, err)
		return exitBadUsage
	}
	if request == nil {
		printLine(description)
		return 0
	}
	target, err := start(request)
	if err != nil {
		return refuse(err)
	}
	commands := make(chan string)
	ended := make(chan struct{}) // nobody listens to commands any more
	go func() {
		readCommands(os.Stdin, func(line string) {
			select {
			case commands <- line:
			case <-ended:
			}
		})
		fmt.Fprintln(os.Stderr, "standard input was closed: exiting at once")
		os.Exit(exitFailed)
	}()
	printReady(target.Ready(), request)
	obey(target, commands)
	close(ended)
	printResult(target.Finish())
	return 0
}

func refuse(err error) int {
	var refused *Refused
	if !errors.As(err, &refused) {
		refused = &Refused{err.Error(), "look at standard error for what came before"}
	}
	printError(refused.Message, refused.Remedy)
	fmt.Fprintln(os.Stderr, refused.Error())
	return exitFailed
}

// obey returns after `stop`, or when in-process work is done.
func obey(target Target, commands <-chan string) {
	for {
		select {
		case <-target.Done():
			return
		case command := <-commands:
			switch command {
			case "":
			case "start":
				target.Begin()
			case "sample":
				printSample(target.Sample())
			case "stop":
				return
			default:
				printError(fmt.Sprintf("unknown command %q", command),
					"send start, sample or stop, one a line")
			}
		}
	}
}

// readCommands calls obey with each line that arrives, until the end of the input; with an overlong
// one once, cut short.
func readCommands(input io.Reader, obey func(string)) {
	lines := bufio.NewReaderSize(input, commandBytesMax)
	for {
		line, cut, err := lines.ReadLine()
		if err != nil {
			return
		}
		obey(string(line))
		for cut && err == nil {
			_, cut, err = lines.ReadLine()
		}
	}
}
