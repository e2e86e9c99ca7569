// utp-native, libutp as programs in Node use it:
//
//   node peer.js listen|connect HOST:PORT [send N] [want N] [echo]
//
// Of what ../../peer/sockets.cpp does and prints it does this. HOST is of IPv4.
'use strict'

const crypto = require('crypto')
const path = require('path')
const utp = require(path.join(process.env.UTP_NATIVE, 'node_modules', 'utp-native'))

const [mode, at, ...words] = process.argv.slice(2)
const options = { send: 0, want: Infinity, echo: false }
for (let i = 0; i < words.length; i++) options[words[i]] = words[i] === 'echo' ? true : Number(words[++i])

const period = 1048573 // of ../../peer/peer.h
const pattern = Buffer.alloc(period)
for (let i = 0, x = 1n; i < period; i++) {
  x = BigInt.asUintN(64, x * 6364136223846793005n + 1442695040888963407n)
  pattern[i] = Number(x >> 56n)
}

const buffer = 4 << 20
const digest = crypto.createHash('sha256')
let received = 0, sent = 0, finished = false, connected = false, over = false, fault = '', begun = 0n, last = 0n

const now = () => process.hrtime.bigint() / 1000n

function tell (line) { process.stdout.write(JSON.stringify(line) + '\n') }

function serve (socket, conn) {
  begun = last = now()
  const done = () => {
    if (over || !connected || sent < options.send || !(finished || received >= options.want)) return
    over = true
    conn.end()
  }
  const more = () => {
    while (sent < options.send) {
      const n = Math.min(options.send - sent, 65536, period - sent % period)
      const room = conn.write(pattern.subarray(sent % period, sent % period + n))
      sent += n
      if (!room) return conn.once('drain', more)
    }
    done()
  }
  conn.on('connect', () => { connected = true; done() })
  conn.on('data', (b) => {
    connected = true
    last = now()
    digest.update(b)
    received += b.length
    if (options.echo) conn.write(b)
    done()
  })
  conn.on('end', () => { finished = connected = true; done() })
  conn.on('error', (e) => { fault = e.code || e.message })
  conn.on('close', () => {
    tell({ event: 'ended', sent, received, micros: Number(last - begun), sha256: digest.digest('hex'), fault })
    process.exitCode = fault ? 1 : 0
    socket.close()
  })
  more()
}

function widen (socket) {
  socket.setRecvBufferSize(buffer)
  socket.setSendBufferSize(buffer)
}

const [host, port] = at.split(':')
const socket = utp()
if (mode === 'listen') {
  // Who dials again, having heard nothing, has the connection in which it says something.
  let chosen = null
  socket.on('connection', (conn) => {
    conn.on('error', () => {})
    conn.once('readable', () => {
      if (chosen) return
      chosen = conn
      chosen.on('close', () => socket.connections.forEach((other) => other.destroy()))
      serve(socket, conn)
      process.nextTick(() => conn.resume())
    })
  })
  socket.listen(Number(port), host, () => {
    widen(socket)
    tell({ event: 'listening', host, port: socket.address().port })
  })
} else {
  socket.bind(0, '127.0.0.1')
  widen(socket)
  serve(socket, socket.connect(Number(port), host))
}
