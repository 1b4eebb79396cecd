// SPDX-License-Identifier: MIT

package protocol

import (
	"io"
	"strings"
)

const lineBytesMax = 256

// readCommands calls obey with each line that arrives, until the end of the input. Lines are
// bounded: of an overlong one the beginning comes, once.
func readCommands(input io.Reader, obey func(string)) {
	var line []byte
	discarding := false // within the rest of an overlong line
	buffer := make([]byte, 4096)
	for {
		count, err := input.Read(buffer)
		for _, one := range buffer[:count] {
			switch {
			case one == '\n' && discarding:
				discarding = false
			case one == '\n':
				obey(strings.TrimSuffix(string(line), "\r"))
				line = line[:0]
			case !discarding:
				line = append(line, one)
				if len(line) > lineBytesMax {
					discarding = true
					obey(string(line))
					line = line[:0]
				}
			}
		}
		if err != nil {
			return
		}
	}
}
