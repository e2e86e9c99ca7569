package conn

import (
	"unsafe"

	"github.com/etorrent/etorrent/internal/core/utp/recv"
	"github.com/etorrent/etorrent/internal/core/utp/send"
)

// Bytes is what an idle connection holds, but for its control.
func Bytes() uintptr {
	return unsafe.Sizeof(Conn{}) + unsafe.Sizeof(send.Flight{}) + unsafe.Sizeof(recv.Queue{})
}
