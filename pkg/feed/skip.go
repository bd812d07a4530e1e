package feed

import (
	"strconv"
	"strings"
	"time"
)

// Skip is when a feed says that it brings nothing, in UTC. The zero value says
// that it may bring something at any time.
type Skip struct {
	Hours uint32 // a bit for each hour of the day, that of midnight lowest
	Days  uint8  // a bit for each day of the week, that of Sunday lowest
}

// skip reads skipHours and skipDays. A feed that would leave no time at all
// means something else, and is not believed.
func skip(hours, days []string) Skip {
	var s Skip
	for _, text := range hours {
		// RSS 0.91 counted from 1 to 24.
		if h, err := strconv.Atoi(strings.TrimSpace(text)); err == nil && h >= 0 && h <= 24 {
			s.Hours |= 1 << (h % 24)
		}
	}
	for _, text := range days {
		for d := time.Sunday; d <= time.Saturday; d++ {
			if strings.EqualFold(strings.TrimSpace(text), d.String()) {
				s.Days |= 1 << d
			}
		}
	}
	if s.Hours == 1<<24-1 {
		s.Hours = 0
	}
	if s.Days == 1<<7-1 {
		s.Days = 0
	}
	return s
}
