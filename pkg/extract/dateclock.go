package extract

// findTimes notes the times of day in the line.
func (t *dateTokens) findTimes() {
	t.nt = 0
	for i := 0; i < t.n && t.nt < maxTimes; i++ {
		if t.num(i) < 0 {
			continue
		}
		c, ok := t.timeAt(i)
		if !ok {
			continue
		}
		t.times[t.nt] = c
		t.nt++
		i = c.last - 1
	}
}

// timeAt reads 10:15, 10:15:30, 10.15 before "Uhr" or after "kl.", 10h15,
// "3 pm", 오후 3:07 and 10時15分, with the half of the day and the zone.
func (t *dateTokens) timeAt(i int) (clockTime, bool) {
	c := clockTime{hour: t.num(i), first: i}
	if c.hour > 24 || i > 1 && t.is(i-1, ':') && !t.list[i].spaced && t.is(i-2, 'n') {
		return c, false
	}
	k := i + 1
	half := t.half(i - 1)
	if half != wordNone {
		c.first = i - 1
	}
	switch {
	case t.is(k, ':') && !t.list[k].spaced && t.num(k+1) >= 0 && t.list[k+1].digits == 2:
		c.min = t.num(k + 1)
		k = t.addSeconds(&c, k+2)
	case (t.hourMark(k) || t.class(k) == wordHour) && t.num(k+1) >= 0 && t.num(k+1) < 60 && (t.hourMark(k) && !t.list[k+1].spaced || t.class(k+2) == wordMinute):
		c.min = t.num(k + 1)
		k += 2
		if t.class(k) == wordMinute {
			k++
		}
	case t.is(k, '.') && !t.list[k].spaced && t.num(k+1) >= 0 && t.list[k+1].digits == 2 && !t.list[k+1].spaced && t.dotted(i, k+2):
		c.min = t.num(k + 1)
		k = t.addSeconds(&c, k+2)
	case t.half(k) != wordNone && c.hour >= 1 && c.hour <= 12 && t.monthNear(i) == 0, t.class(k) == wordHour, t.class(k) == wordClock && t.list[i].digits <= 2:
	default:
		return c, false
	}
	if c.min > 59 || c.hour > 23 {
		return c, false
	}
	if h := t.half(k); h != wordNone {
		half = h
		k += t.halfLen(k)
	} else if t.class(k) == wordClock {
		k++
	}
	switch {
	case half == wordPM && c.hour < 12:
		c.hour += 12
	case half == wordAM && c.hour == 12:
		c.hour = 0
	}
	c.last = k
	t.addZone(&c)
	return c, true
}

// monthNear reports a month right after the number, which makes "12 am Mai" no
// time.
func (t *dateTokens) monthNear(i int) int {
	return int(t.class(i+1).month()) + int(t.class(i+2).month())
}

// dotted reports that a time with a full stop is one: the hour stands behind a
// word such as "kl." or the minutes before "Uhr", "pm" or the like.
func (t *dateTokens) dotted(i, k int) bool {
	if t.is(k, '.') && t.is(k+1, 'n') && !t.list[k+1].spaced {
		return t.num(k+1) >= 0 && t.class(k+2) == wordClock
	}
	if t.class(k) == wordClock || t.half(k) != wordNone {
		return true
	}
	p := i - 1
	if t.is(p, '.') {
		p--
	}
	return t.class(p) == wordAt || t.class(p) == wordFiller && t.is(i-1, 'w')
}

// addSeconds reads the seconds at k, and a fraction of them, which is left out.
func (t *dateTokens) addSeconds(c *clockTime, k int) int {
	if !t.is(k, ':') && !t.is(k, '.') || t.list[k].spaced || t.num(k+1) < 0 || t.num(k+1) > 60 || t.list[k+1].digits != 2 || t.list[k+1].spaced {
		return k
	}
	c.sec, c.seconds = min(t.num(k+1), 59), true
	k += 2
	if (t.is(k, '.') || t.is(k, ',')) && t.is(k+1, 'n') && !t.list[k].spaced && !t.list[k+1].spaced {
		k += 2
	}
	return k
}

// hourMark reports the "h" of 10h15.
func (t *dateTokens) hourMark(k int) bool {
	return t.is(k, 'w') && t.list[k].end-t.list[k].pos == 1 && t.text[t.list[k].pos]|0x20 == 'h'
}

// half returns which half of the day the token at k says: "am", "p.m.".
func (t *dateTokens) half(k int) dateWord {
	if c := t.class(k); c == wordAM || c == wordPM {
		return c
	}
	if t.is(k, 'w') && t.list[k].end-t.list[k].pos == 1 && t.is(k+1, '.') && t.is(k+2, 'w') && t.list[k+2].end-t.list[k+2].pos == 1 && t.text[t.list[k+2].pos]|0x20 == 'm' {
		switch t.text[t.list[k].pos] | 0x20 {
		case 'a':
			return wordAM
		case 'p':
			return wordPM
		}
	}
	return wordNone
}

func (t *dateTokens) halfLen(k int) int {
	if c := t.class(k); c == wordAM || c == wordPM {
		return 1
	}
	if t.is(k+3, '.') {
		return 4
	}
	return 3
}

// zoneLike refuses words in small letters: "ist" is no zone in German.
func (t *dateTokens) zoneLike(k int) bool {
	tok := &t.list[k]
	c := t.text[tok.pos]
	return c < 'a' || c > 'z' || !tok.spaced || tok.value == 0
}

// addZone reads the zone behind a time: "EDT", "(UTC)", "GMT+0100", "+01:00".
func (t *dateTokens) addZone(c *clockTime) {
	k := c.last
	if t.is(k, '(') {
		k++
	}
	named := false
	if t.class(k) == wordZone && t.zoneLike(k) {
		tok := &t.list[k]
		c.zoned = !seasonal(t.text[tok.pos:tok.end])
		c.offset, named = int(tok.value), true
		k++
		c.last = k
	} else if t.is(k, '(') {
		return
	}
	sign := 1
	switch {
	case t.is(k, '-') && !t.list[k].spaced, t.is(k, '-') && t.is(k+1, 'n') && t.list[k+1].digits == 4 && t.year(k+1) < 0 && !t.list[k+1].spaced:
		sign = -1
	case t.is(k, '+'):
	default:
		return
	}
	if k+1 >= t.n || t.list[k+1].kind != 'n' || t.list[k+1].spaced || !named && !c.seconds && sign < 0 {
		return
	}
	tok := &t.list[k+1]
	minutes := 0
	switch {
	case tok.digits == 4:
		minutes = int(tok.value)/100*60 + int(tok.value)%100
	case tok.digits <= 2 && t.is(k+2, ':') && t.num(k+3) >= 0:
		minutes = int(tok.value)*60 + t.num(k+3)
		k += 2
	case tok.digits <= 2:
		minutes = int(tok.value) * 60
	default:
		return
	}
	if minutes > 14*60 {
		return
	}
	c.offset, c.zoned, c.last = sign*minutes, true, k+2
}
