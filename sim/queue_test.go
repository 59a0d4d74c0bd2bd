package sim

import (
	"slices"
	"testing"
	"time"
)

// nobody is an actor that must not be called.
var nobody ActorFunc

// drain pops everything and returns the data in the order it came.
func drain(q *queue) (data []uint64) {
	for {
		_, _, d, ok := q.pop()
		if !ok {
			return data
		}
		data = append(data, d)
	}
}

func TestQueueSurvivesTheEndOfItsSequenceNumbers(t *testing.T) {
	var q queue
	var want []uint64
	push := func(at time.Duration, data uint64) { q.push(at, nobody, data) }
	push(5, 0)
	q.seq = 1<<(64-q.width) - 3 // as after 2^44 events
	for i := range uint64(10) {
		push(5, i+1)
	}
	push(4, 11)
	for i := range uint64(11) {
		want = append(want, i)
	}
	want = append([]uint64{11}, want...)
	if q.seq > 20 {
		t.Errorf("sequence numbers were not taken afresh: the next is %d", q.seq)
	}
	if got := drain(&q); !slices.Equal(got, want) {
		t.Errorf("popped %v, want %v", got, want)
	}
}

func TestQueueSurvivesTheEndOfItsSequenceNumbersAmidAnEvent(t *testing.T) {
	var q queue
	for i := range uint64(9) {
		q.push(time.Duration(i/3), nobody, i)
	}
	_, _, first, _ := q.pop() // leaves its place empty
	q.seq = 1 << (64 - q.width)
	q.push(1, nobody, 9)
	if got, want := append([]uint64{first}, drain(&q)...), []uint64{0, 1, 2, 3, 4, 5, 9, 6, 7, 8}; !slices.Equal(got, want) {
		t.Errorf("popped %v, want %v", got, want)
	}
}

func TestQueueHoldsMoreEventsThanItFirstHasNumbersFor(t *testing.T) {
	const n = 1<<minWidth + 1000
	var q queue
	for i := range uint64(n) {
		q.push(time.Duration(i%7), nobody, i)
	}
	if q.width != minWidth+1 {
		t.Fatalf("slots have %d bits, want %d", q.width, minWidth+1)
	}
	if q.len() != n {
		t.Fatalf("%d events pending, want %d", q.len(), n)
	}
	last := uint64(0)
	for i, data := range drain(&q) {
		rank := data%7*n + data // by time, then by sequence
		if i > 0 && rank <= last {
			t.Fatalf("event %d came out of order", data)
		}
		last = rank
	}
}

func TestQueueLetsGoOfActors(t *testing.T) {
	var q queue
	for i := range uint64(100) {
		q.push(time.Duration(i), nobody, i)
	}
	drain(&q)
	for i := range q.slots {
		if q.slots[i].actor != nil {
			t.Fatalf("slot %d still holds the actor of an event that has happened", i)
		}
	}
}
