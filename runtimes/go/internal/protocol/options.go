// SPDX-License-Identifier: MIT

package protocol

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Option is one that `--set name=value` gives. Values lists what is allowed; where it is empty, the
// value is an integer from Least to Most, or any text where Text is set.
type Option struct {
	Name, Default, Help string
	Values              []string
	Least, Most         int64
	MultipleOf          int64    // where integers have to be
	Text                string   // "text": any; no workload runs without one
	Workloads           []string // to which it belongs; none: to all
}

// Choice is one of values; the first is the default.
func Choice(name, help string, values ...string) Option {
	return Option{Name: name, Default: values[0], Help: help, Values: values}
}

// Integer is one from least to most.
func Integer(name, help string, preset, least, most int64) Option {
	return Option{Name: name, Default: strconv.FormatInt(preset, 10), Help: help, Least: least,
		Most: most}
}

// For says that the option belongs to these workloads only.
func (o Option) For(workloads ...string) Option {
	o.Workloads = workloads
	return o
}

func (o Option) belongsTo(workload string) bool {
	return len(o.Workloads) == 0 || slices.Contains(o.Workloads, workload)
}

// allowed is what describe says of the values.
func (o Option) allowed() any {
	switch {
	case o.Values != nil:
		return o.Values
	case o.Text != "":
		return o.Text
	default:
		return fmt.Sprintf("integer %d..%d", o.Least, o.Most)
	}
}

func (o Option) check(value string) error {
	if o.Values != nil {
		if slices.Contains(o.Values, value) {
			return nil
		}
		return fmt.Errorf("option '%s' is one of %s, not '%s'", o.Name,
			strings.Join(o.Values, ", "), excerpt(value))
	}
	if o.Text != "" {
		if value == "" {
			return fmt.Errorf("option '%s' is needed", o.Name)
		}
		return nil
	}
	// Unsigned: a sign would not come back as it was given.
	number, err := strconv.ParseUint(value, 10, 63)
	if err != nil || int64(number) < o.Least || int64(number) > o.Most {
		return fmt.Errorf("option '%s' is an integer from %d to %d, not '%s'", o.Name, o.Least,
			o.Most, excerpt(value))
	}
	if o.MultipleOf != 0 && int64(number)%o.MultipleOf != 0 {
		return fmt.Errorf("option '%s' is a multiple of %d, not %d", o.Name, o.MultipleOf, number)
	}
	return nil
}

// Values are the options of the workload that runs, given or by default, validated. Asking for a
// name that is not among them is a bug.
type Values map[string]string

// String panics where the workload has no such option.
func (v Values) String(name string) string {
	text, has := v[name]
	if !has {
		panic("option '" + name + "' is not among those in force")
	}
	return text
}

// Int panics where the workload has no such option, or it is no integer.
func (v Values) Int(name string) int64 {
	number, err := strconv.ParseInt(v.String(name), 10, 64)
	if err != nil {
		panic("option '" + name + "' is no integer")
	}
	return number
}

// resolve validates `--set` texts for a workload and adds the defaults. The error is one sentence.
func resolve(options []Option, workload string, settings []string) (Values, error) {
	own := map[string]Option{}
	values := Values{}
	var names []string
	for _, option := range options {
		if option.belongsTo(workload) {
			own[option.Name] = option
			values[option.Name] = option.Default
			names = append(names, option.Name)
		}
	}
	given := map[string]bool{}
	for _, setting := range settings {
		name, value, has := strings.Cut(setting, "=")
		if !has {
			return nil, fmt.Errorf("--set takes name=value, not '%s'", excerpt(setting))
		}
		if _, known := own[name]; !known {
			return nil, fmt.Errorf("workload %s has no option '%s': it has %s", workload,
				excerpt(name), strings.Join(names, ", "))
		}
		if given[name] {
			return nil, fmt.Errorf("option '%s' is set twice", name)
		}
		given[name] = true
		values[name] = value
	}
	for name, value := range values {
		if err := own[name].check(value); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// excerpt is at most 80 characters of what somebody else wrote, in one line.
func excerpt(text string) string {
	return oneLine(text, 80)
}

// oneLine is at most `most` characters, with a blank for each control character.
func oneLine(text string, most int) string {
	runes := []rune(strings.ToValidUTF8(text, "\uFFFD"))
	runes = runes[:min(len(runes), most)]
	for i, one := range runes {
		if unicode.IsControl(one) {
			runes[i] = ' '
		}
	}
	return string(runes)
}
