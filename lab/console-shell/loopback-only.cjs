// Loaded before the shell's server, which listens on all addresses of the machine and can't be told otherwise.
const { Server } = require('node:net');

const { listen } = Server.prototype;
Server.prototype.listen = function (port, ...rest) {
  return listen.call(this, port, '127.0.0.1', ...rest);
};
