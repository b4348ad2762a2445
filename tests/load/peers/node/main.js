'use strict';
// Two workers, which share the port.

const cluster = require('node:cluster');

if (cluster.isPrimary) {
  // As with any server that is not Node's: whoever connects next gets the next worker.
  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.fork();
  cluster.fork();
  cluster.on('exit', () => process.exit(1));
  process.on('SIGTERM', () => process.exit(0));
} else {
  const server = require('./app').listen(Number(process.env.PEER_PORT), '127.0.0.1');
  server.keepAliveTimeout = 75_000;
  process.on('disconnect', () => process.exit(0));
}
