package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/pflag"
)

// spanValue is a span of time that is not negative.
type spanValue time.Duration

// spanVar defines a flag that takes a span.
func spanVar(flags *pflag.FlagSet, to *time.Duration, name string, usual time.Duration, usage string) {
	*to = usual
	flags.Var((*spanValue)(to), name, usage)
}

func (v *spanValue) String() string {
	if *v == 0 {
		return "0" // which help does not show as a default
	}
	return time.Duration(*v).String()
}
func (v *spanValue) Type() string { return "duration" }
func (v *spanValue) Set(s string) error {
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return fmt.Errorf("%q is no span of time, such as 90s, 10m or 2h30m", s)
	}
	*v = spanValue(d)
	return nil
}

// allowedNumbers are what flags take that are plain numbers, by their type.
var allowedNumbers = map[string]string{
	"uint16": "a whole number from 0 to 65535", "uint64": "a whole number from 0 to 18446744073709551615", "int": "a whole number", "bool": "true or false",
}

// flagFault says what a flag takes, where its error would tell of a function of Go.
func flagFault(err error) error {
	var invalid *pflag.InvalidValueError
	var number *strconv.NumError
	if !errors.As(err, &invalid) || !errors.As(err, &number) {
		return err
	}
	flag := invalid.GetFlag()
	if allowed := allowedNumbers[flag.Value.Type()]; allowed != "" {
		return fmt.Errorf("--%s: %q is not %s", flag.Name, invalid.GetValue(), allowed)
	}
	return err
}
