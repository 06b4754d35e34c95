package probe

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// sampleEvery is how often the watcher reads the socket table: the precision of a pooled
// connection's lifetime.
const sampleEvery = 20 * time.Millisecond

// States of /proc/net/tcp, include/net/tcp_states.h.
const (
	stateEstablished = 0x01
	stateCloseWait   = 0x08 // the other side has closed, the program has not noticed
)

// watcher follows this process's TCP connections to one address through /proc, so that
// pools need no hooks and keep their default settings.
type watcher struct {
	remote string // as /proc/net/tcp writes it
	done   chan struct{}
	wait   sync.WaitGroup

	live  map[uint64]*Connection // by the socket's inode
	order []*Connection
}

func watchSockets(address string) *watcher {
	w := &watcher{remote: procAddress(address), done: make(chan struct{}), live: map[uint64]*Connection{}}
	w.wait.Go(func() {
		tick := time.NewTicker(sampleEvery)
		defer tick.Stop()
		for {
			select {
			case <-w.done:
				return
			case <-tick.C:
				w.sample(time.Now())
			}
		}
	})
	return w
}

// sample compares the socket table with the last one.
func (w *watcher) sample(now time.Time) {
	// The table first: a socket that it lacks and the program still holds was aborted, and
	// not just closed between the two looks.
	states := socketStates(w.remote)
	mine := openSockets()
	for inode, state := range states {
		if mine[inode] && w.live[inode] == nil && state == stateEstablished {
			c := &Connection{Opened: now, End: Open}
			w.live[inode] = c
			w.order = append(w.order, c)
		}
	}
	for inode, c := range w.live {
		state, listed := states[inode]
		switch {
		case c.End != Open:
		case !mine[inode]: // the program closed it: its library found it dead
			c.Ended, c.End = now, Closed
		case !listed: // aborted: the kernel has forgotten it, the program has not noticed
			c.Ended, c.End, c.Error = now, Reset, "connection reset by peer"
		case state == stateCloseWait:
			c.Ended, c.End, c.Error = now, Closed, "EOF"
		}
		if !mine[inode] {
			delete(w.live, inode)
		}
	}
}

// stop ends the watch and returns every connection in the order of opening.
func (w *watcher) stop() []Connection {
	close(w.done)
	w.wait.Wait()
	now := time.Now()
	w.sample(now)
	all := make([]Connection, len(w.order))
	for i, c := range w.order {
		if c.End == Open {
			c.Ended = now
		}
		all[i] = *c
	}
	return all
}

// openSockets lists the inodes of this process's sockets.
func openSockets() map[uint64]bool {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return nil
	}
	inodes := map[uint64]bool{}
	for _, entry := range entries {
		target, err := os.Readlink("/proc/self/fd/" + entry.Name())
		if err != nil {
			continue
		}
		if text, ok := strings.CutPrefix(target, "socket:["); ok {
			if inode, err := strconv.ParseUint(strings.TrimSuffix(text, "]"), 10, 64); err == nil {
				inodes[inode] = true
			}
		}
	}
	return inodes
}

// socketStates maps inodes of sockets to that remote address to their state, from the table
// of this network namespace: https://docs.kernel.org/networking/proc_net_tcp.html.
func socketStates(remote string) map[uint64]int {
	file, err := os.Open("/proc/self/net/tcp")
	if err != nil {
		return nil
	}
	defer file.Close()
	states := map[uint64]int{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		field := strings.Fields(lines.Text())
		if len(field) < 10 || field[2] != remote {
			continue
		}
		state, err1 := strconv.ParseInt(field[3], 16, 32)
		inode, err2 := strconv.ParseUint(field[9], 10, 64)
		if err1 == nil && err2 == nil {
			states[inode] = int(state)
		}
	}
	return states
}

// procAddress writes an IPv4 host:port as /proc/net/tcp does: the address in the host's
// byte order, the port as a number.
func procAddress(address string) string {
	parsed, err := netip.ParseAddrPort(address)
	if err != nil || !parsed.Addr().Is4() {
		return ""
	}
	octets := parsed.Addr().As4()
	var text [4]byte
	binary.BigEndian.PutUint32(text[:], binary.NativeEndian.Uint32(octets[:]))
	return strings.ToUpper(hex.EncodeToString(text[:])) + fmt.Sprintf(":%04X", parsed.Port())
}
