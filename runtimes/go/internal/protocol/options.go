// SPDX-License-Identifier: MIT

package protocol

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Option is one that `--set name=value` gives. The harness sees to it that an integer is in its
// range.
type Option struct {
	Name      string   `json:"name"`
	Default   string   `json:"default"`
	Values    any      `json:"values"` // a list of texts, "integer a..b" or "text"
	Help      string   `json:"help"`
	Workloads []string `json:"workloads,omitempty"` // to which it belongs; none: to all
	unit      uint64   // of which an integer is a multiple
}

// Choice is one of values; the first is the default.
func Choice(name, help string, values ...string) Option {
	return Option{Name: name, Default: values[0], Values: values, Help: help}
}

// Integer is one from least to most.
func Integer(name, help string, preset, least, most int64) Option {
	return Option{Name: name, Default: strconv.FormatInt(preset, 10),
		Values: fmt.Sprintf("integer %d..%d", least, most), Help: help, unit: 1}
}

// MultipleOf says that the integer is a multiple.
func (o Option) MultipleOf(unit uint64) Option {
	o.unit = unit
	return o
}

// Needed is any text but none: the workload does not run without.
func Needed(name, help string) Option {
	return Option{Name: name, Values: "text", Help: help}
}

// For says that the option belongs to these workloads only.
func (o Option) For(workloads ...string) Option {
	o.Workloads = workloads
	return o
}

func (o Option) canBe(value string) bool {
	if choices, is := o.Values.([]string); is {
		return slices.Contains(choices, value)
	}
	if o.Values == "text" {
		return value != ""
	}
	number, err := strconv.ParseUint(value, 10, 63)
	return err == nil && number%o.unit == 0
}

// Values are the options of the workload that runs, given or by default. Asking for a name that is
// not among them is a bug.
type Values map[string]string

// String panics where the workload has no such option.
func (v Values) String(name string) string {
	text, has := v[name]
	if !has {
		panic("the workload has no option " + name)
	}
	return text
}

// Int panics where the workload has no such option, or it is no integer.
func (v Values) Int(name string) int64 {
	number, err := strconv.ParseInt(v.String(name), 10, 64)
	if err != nil {
		panic("option " + name + " is no integer")
	}
	return number
}

// resolve gives the options of a workload: as set, else by default. The error is one sentence.
func resolve(options []Option, workload string, settings []string) (Values, error) {
	values := Values{}
	for _, option := range options {
		if len(option.Workloads) == 0 || slices.Contains(option.Workloads, workload) {
			values[option.Name] = option.Default
		}
	}
	for _, setting := range settings {
		name, value, _ := strings.Cut(setting, "=")
		if _, known := values[name]; !known {
			return nil, fmt.Errorf("workload %s has no option %q", workload, name)
		}
		values[name] = value
	}
	for _, option := range options {
		if value, has := values[option.Name]; has && !option.canBe(value) {
			return nil, fmt.Errorf("option %s cannot be %q", option.Name, value)
		}
	}
	return values, nil
}
