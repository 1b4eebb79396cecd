// SPDX-License-Identifier: MIT
package tailrace;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** A listening socket, by either of Java's two interfaces to them; makes the sessions too. */
interface Listening extends Closeable {
    int BACKLOG = 4096;

    Session accept() throws IOException;

    int port();

    static Listening open(String io, InetSocketAddress address) throws IOException {
        return io.equals("channel") ? new Channels(address) : new Streams(address);
    }

    /** Socket and its streams. */
    final class Streams implements Listening {
        private final ServerSocket listener = new ServerSocket();

        Streams(InetSocketAddress address) throws IOException {
            listener.setReuseAddress(true);
            listener.bind(address, BACKLOG);
        }

        @Override
        public Session accept() throws IOException {
            Socket socket = listener.accept();
            return new Session(socket) {
                @Override
                void exchange(int bufferBytes) throws IOException {
                    socket.setTcpNoDelay(true);
                    byte[] buffer = new byte[bufferBytes];
                    InputStream input = socket.getInputStream();
                    OutputStream output = socket.getOutputStream();
                    for (int count = input.read(buffer); count >= 0; count = input.read(buffer)) {
                        take(ByteBuffer.wrap(buffer, 0, count));
                        output.write(buffer, 0, count);
                        sent += count;
                    }
                }
            };
        }

        @Override
        public int port() {
            return listener.getLocalPort();
        }

        @Override
        public void close() throws IOException {
            listener.close();
        }
    }

    /** SocketChannel, with buffers outside of the heap, so that no byte is copied on the way. */
    final class Channels implements Listening {
        private final ServerSocketChannel listener = ServerSocketChannel.open();

        Channels(InetSocketAddress address) throws IOException {
            listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            listener.bind(address, BACKLOG);
        }

        @Override
        public Session accept() throws IOException {
            SocketChannel channel = listener.accept();
            return new Session(channel) {
                @Override
                void exchange(int bufferBytes) throws IOException {
                    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
                    ByteBuffer buffer = ByteBuffer.allocateDirect(bufferBytes);
                    while (channel.read(buffer) >= 0) {
                        buffer.flip();
                        take(buffer);
                        while (buffer.hasRemaining()) {
                            sent += channel.write(buffer);
                        }
                        buffer.clear();
                    }
                }
            };
        }

        @Override
        public int port() {
            return listener.socket().getLocalPort();
        }

        @Override
        public void close() throws IOException {
            listener.close();
        }
    }
}
