package sqlite

import "golang.org/x/sys/unix"

// Magic numbers of file systems that x/sys does not have (statfs(2) and the
// file systems' own sources).
const (
	magicLustre = 0x0bd00bd0
	magicGPFS   = 0x47504653
	magicGFS2   = 0x01161970
	magicBeeGFS = 0x19830326
	magicVBox   = 0x786f4256
	magicVMware = 0xbacbacbc
)

// ViewPlace looks on what the folder lies.
func ViewPlace(dir string) Place {
	var s unix.Statfs_t
	var err error = unix.EINTR
	for err == unix.EINTR {
		err = unix.Statfs(dir, &s)
	}
	if err != nil {
		return PlaceShared
	}
	return placeOf(uint32(s.Type))
}

func placeOf(magic uint32) Place {
	switch magic {
	case unix.NFS_SUPER_MAGIC, unix.SMB_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC,
		unix.AFS_SUPER_MAGIC, unix.AFS_FS_MAGIC, unix.CODA_SUPER_MAGIC, unix.NCP_SUPER_MAGIC,
		unix.CEPH_SUPER_MAGIC, unix.OCFS2_SUPER_MAGIC, unix.V9FS_MAGIC, unix.FUSE_SUPER_MAGIC,
		magicLustre, magicGPFS, magicGFS2, magicBeeGFS, magicVBox, magicVMware:
		return PlaceShared
	}
	return PlaceLocal
}
