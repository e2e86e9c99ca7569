# Plain targets over the go command and the scripts in scripts/. `make` alone
# lists them.

.PHONY: help build docs demo demo-picture test interop-full utp-interop utp-links utp-table utp-soak fuzz sim-long lint bench cross clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 20

build: ## build the program into bin/etorrent
	go build -trimpath -o bin/etorrent ./cmd/etorrent

docs: build ## manual pages into bin/man, and completions for each shell into bin/completions
	bin/etorrent man bin/man
	mkdir -p bin/completions
	bin/etorrent completion bash >bin/completions/etorrent.bash
	bin/etorrent completion zsh >bin/completions/_etorrent
	bin/etorrent completion fish >bin/completions/etorrent.fish
	bin/etorrent completion powershell >bin/completions/etorrent.ps1

demo: build ## what the program promises, in four acts on loopback, under a minute (DEMO has its flags)
	@bin/etorrent demo $(DEMO)

demo-picture: build ## record the demo, and draw docs/demo.svg of it
	@set -e; cast=$$(mktemp); trap 'rm -f "$$cast"' EXIT; \
	bin/etorrent demo --record "$$cast" $(DEMO); \
	go run ./tools/castsvg "$$cast" docs/demo.svg

test: ## all tests: unit, race detector, other clients (what is not installed is named)
	scripts/test.sh

# A client that is missing ends it, and is no pair that is skipped.
interop-full: export CI = true
interop-full: ## every pair of clients by every tracker and protocol, five mixed swarms, and more crashes and power cuts (some 15 minutes; root)
	scripts/peers.sh
	cd interop && ETORRENT_PAIRS=all ETORRENT_SWARMS=5 ETORRENT_CUTS=2000 ETORRENT_KILLS=50 ETORRENT_FAULTS=45 ETORRENT_DISTURB=40s \
		go test -count=1 -v -timeout 60m \
		-run 'TestPairsOfClients|TestAMixedSwarm|TestOurFirstSeeder|TestAPowerCut|TestAKilledDownload|TestAFailingCall|TestCrashes' .

utp-interop: export CI = true
utp-interop: ## uTP with libutp and utp-native through a relay that does what networks do (some 8 minutes)
	scripts/peers.sh
	cd interop && ETORRENT_UTP=all go test -count=1 -v -timeout 30m ./libutp/relay

utp-links: export CI = true
utp-links: ## uTP beside TCP on links of the kernel, up to 100 Mbit/s, and where large packets are lost (some 5 minutes; root)
	scripts/peers.sh
	cd interop && ETORRENT_LINKS=all go test -count=1 -v -parallel 1 -timeout 20m ./links

# In its folder, go test prints the table though it passes.
utp-table: export CI = true
utp-table: ## uTP beside libutp on every kind of link in virtual time, five runs each (some 10 minutes of CPU)
	cd interop/libutp && ETORRENT_UTP_TABLE=5 go test -count=1 -timeout 60m -parallel 2 -run '^TestTheTableOfUTP$$'

utp-soak: ## 500 uTP connections that come and go over loopback, with loss and a NAT that rebinds, for SOAKTIME (10m)
	ETORRENT_SOAK=$${SOAKTIME:-10m} go test ./internal/proc/utp -run TestASoakOverSockets -count=1 -timeout 0 -v

fuzz: ## a minute of each fuzz target (FUZZTIME), then what of its decoder the corpus reaches
	scripts/fuzz.sh

sim-long: ## new simulated swarms for SIMTIME (1h); a failure prints how to see it again
	ETORRENT_SIM_FOR=$${SIMTIME:-1h} go test ./sim -run TestWorldsForAsLongAsOneLikes -timeout 0 -v

lint: ## everything checked without running: gofmt, vet, linters, sum types, Windows build
	scripts/lint.sh

bench: ## speed and cost beside other programs and beside the least that is possible (hours; BENCH=-quick: minutes)
	scripts/peers.sh bench
	go run ./bench $(BENCH)

# The platforms that the program is built for, beside the one it is built on.
PLATFORMS = linux/amd64 linux/arm64 linux/arm darwin/amd64 darwin/arm64 windows/amd64 windows/arm64 freebsd/amd64

cross: ## build everything for every platform, and the programs into bin/
	@set -e; for p in $(PLATFORMS); do \
		export CGO_ENABLED=0 GOOS=$${p%/*} GOARCH=$${p#*/}; \
		echo "$$p"; \
		go build ./...; \
		go build -trimpath -o "bin/$$GOOS-$$GOARCH/" ./cmd/etorrent; \
	done

clean: ## remove what the other targets built here
	rm -rf bin
