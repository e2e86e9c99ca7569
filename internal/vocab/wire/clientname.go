package wire

import "strings"

// unknownClient is what a peer id that follows no known convention is called.
const unknownClient = "unknown"

// azureusClients has the codes of Azureus-style peer ids (BEP 20 and what its
// list lacks), each between a bar and an equals sign, which no code contains.
const azureusClients = "|7T=aTorrent|A~=Ares|AG=Ares|AR=Arctic|AV=Avicora|AX=BitPump|AZ=Azureus" +
	"|BB=BitBuddy|BC=BitComet|BF=Bitflu|BG=BTG|BI=BiglyBT|BN=Baidu|BR=BitRocket|BS=BTSlave" +
	"|BT=BitTorrent|BX=~Bittorrent X|CD=Enhanced CTorrent|CT=CTorrent|DE=Deluge|DP=Propagate" +
	"|EB=EBit|ES=electric sheep|ET=Etorrent|FC=FileCroc|FD=Free Download Manager|FT=FoxTorrent" +
	"|FW=FrostWire|FX=Freebox|GS=GSTorrent|GT=anacrolix/torrent|HL=Halite|HN=Hydranode|KG=KGet" +
	"|KT=KTorrent|LC=LeechCraft|LH=LH-ABC|LP=Lphant|LT=libtorrent|LW=LimeWire|ML=MLdonkey|MO=MonoTorrent" +
	"|MP=MooPolice|MR=Miro|MT=MoonlightTorrent|NX=Net Transport|PD=Pando|PI=PicoTorrent" +
	"|QD=QQDownload|QT=Qt 4 Torrent example|RN=rain|RT=Retriever|S~=Shareaza|SB=~Swiftbit" +
	"|SS=SwarmScope|ST=SymTorrent|SZ=Shareaza|TL=Tribler|TN=TorrentDotNET|TR=Transmission" +
	"|TS=Torrentstorm|TT=TuoTu|UL=uLeecher!|UM=µTorrent for Mac|UT=µTorrent" +
	"|UW=µTorrent Web|VG=Vagaa|WD=WebTorrent Desktop|WT=BitLet|WW=WebTorrent|WY=FireTorrent" +
	"|XL=Xunlei|XT=XanTorrent|XX=Xtorrent|ZT=ZipTorrent|lt=rTorrent|qB=qBittorrent" +
	"|rQ=rqbit|st=sharktorrent|"

// shadowClients has the codes of Shadow-style peer ids (BEP 20).
const shadowClients = "|A=ABC|O=Osprey Permaseed|Q=BTQueue|R=Tribler|S=Shadow|T=BitTornado|U=UPnP NAT Bit Torrent|"

// ClientName says what client a peer id names, with its version, by the
// conventions of BEP 20: "qBittorrent 4.6.2". A client that is not in the list
// is called by its code. A peer id is a stranger's bytes; the name holds
// printable characters only. It is a guess: Client of the ExtendedHandshake is
// the better source.
func ClientName(peerID [20]byte) string {
	id := string(peerID[:])
	for _, view := range []func(string) string{azureusName, mainlineName, shadowName} {
		if name := view(id); name != "" {
			return name
		}
	}
	return unknownClient
}

// azureusName reads "-AZ2060-": a dash, two characters of client, four of
// version and, of nearly all clients, a dash; some write "-ML2.7.2-". It returns
// "" for another style, as its siblings do.
func azureusName(id string) string {
	code, version := id[1:3], id[3:7]
	if id[0] != '-' || !consistsOf(code, isCode) {
		return ""
	}
	name := lookUp(azureusClients, code)
	if name == "" {
		name = code
	}
	if consistsOf(version, isVersion) {
		return name + " " + dotted(version)
	}
	version, _, _ = strings.Cut(id[3:], "-")
	if numbers := leadingNumbers(version, "."); numbers != "" {
		return name + " " + numbers
	}
	return ""
}

// mainlineName reads "M4-20-8-": M, then three numbers with dashes between them;
// aria2 writes "A2-1-37-0-".
func mainlineName(id string) string {
	name, rest := "BitTorrent", id[1:]
	switch {
	case strings.HasPrefix(id, "A2-"):
		name, rest = "aria2", id[3:]
	case id[0] != 'M':
		return ""
	}
	numbers := leadingNumbers(rest, "-")
	if numbers == "" {
		return ""
	}
	return name + " " + numbers
}

// shadowName reads "S58B-----": a letter, up to five characters of version,
// dashes.
func shadowName(id string) string {
	name := lookUp(shadowClients, id[:1])
	version := strings.TrimRight(id[1:6], "-")
	if name == "" || id[6:9] != "---" || version == "" || !consistsOf(version, isVersion) {
		return ""
	}
	return name + " " + dotted(version)
}

// leadingNumbers reads the two or three numbers of at most three digits that s
// begins with, and writes them with dots. It returns "" if they are not there.
func leadingNumbers(s, separator string) string {
	fields := strings.SplitN(s, separator, 4)
	n := 0
	for n < min(3, len(fields)) && isNumber(fields[n]) {
		n++
	}
	if n < 2 {
		return ""
	}
	return strings.Join(fields[:n], ".")
}

func isNumber(s string) bool { return s != "" && len(s) <= 3 && consistsOf(s, isDigit) }

// lookUp finds what a list of "|code=name|" has for a code, or "".
func lookUp(list, code string) string {
	_, rest, _ := strings.Cut(list, "|"+code+"=")
	name, _, _ := strings.Cut(rest, "|")
	return name
}

// dotted writes the characters of a version as numbers with dots between them,
// without zeros at the end that the first two numbers can do without.
func dotted(version string) string {
	for len(version) > 2 && version[len(version)-1] == '0' {
		version = version[:len(version)-1]
	}
	var b strings.Builder
	for i := range len(version) {
		if i > 0 {
			b.WriteByte('.')
		}
		writeDigit(&b, version[i])
	}
	return b.String()
}

// writeDigit writes a character of a version: A stands for 10 and so on.
func writeDigit(b *strings.Builder, c byte) {
	switch {
	case c >= 'A' && c <= 'Z':
		b.WriteString(twoDigits(c - 'A' + 10))
	case c >= 'a' && c <= 'z':
		b.WriteString(twoDigits(c - 'a' + 36))
	default:
		b.WriteByte(c)
	}
}

func twoDigits(n byte) string { return string([]byte{'0' + n/10, '0' + n%10}) }

func consistsOf(s string, in func(byte) bool) bool {
	for i := range len(s) {
		if !in(s[i]) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isVersion(c byte) bool { return isDigit(c) || isLetter(c) }

func isCode(c byte) bool { return isVersion(c) || c == '~' }

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
