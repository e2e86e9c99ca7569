package cong_test

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/cong"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// Who has sent a few bytes now and then, and has more to send, does not wait for minutes between
// two packets as if the path carried no more than that.
func TestWhoHadLittleToSendIsNotSlowWhenThereIsMore(t *testing.T) {
	const segment, rtt = 1000, 100 * time.Millisecond
	make, _ := cong.Find(cong.Default)
	c, now := make(cong.Config{Segment: segment, Most: 1 << 20}), mono.Instant(time.Hour)
	for n := range 50 {
		sent, took := now, rtt
		if n > 0 && n < 20 {
			took *= 3 // a queue of others: it begins no more
		}
		c.Sent(now, 2, 0)
		now = now.Add(took)
		c.Acknowledged(now, cong.Ack{Bytes: 2, RTT: took, Delivered: cong.Delivery{SentAt: sent, Bytes: 2}})
		now = now.Add(time.Second)
	}
	if c.View().Stage == cong.Starting {
		t.Fatal("it is starting still")
	}
	if rate := c.Rate(); rate < segment {
		t.Errorf("%d bytes a second leave, by a window of %d", rate, c.Window())
	}
}
