using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace Lethe.Proxy.Tests.ExtProc;

/// <summary>
/// A raw HTTP/2 client (RFC 9113): what stands between a test and the door is frames, so that a test can cut, split, repeat and reset as a real peer may.
/// It gives the server an unbounded window and respects the server's.
/// </summary>
internal sealed class Http2Connection : IAsyncDisposable
{
    public const int NoError = 0;
    public const int InternalError = 2;
    public const int Cancel = 8;

    private const int FrameBytesMax = 16_384;

    private readonly Stream transport;
    private readonly SemaphoreSlim writing = new(1);
    private readonly ConcurrentDictionary<int, GrpcStream> streams = new();
    private readonly Lock windows = new();
    private readonly TaskCompletionSource settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task reading;
    private TaskCompletionSource windowsChanged = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long connectionWindow = 65_535;
    private int streamWindow = 65_535;
    private int nextId = 1;

    private Http2Connection(Stream transport)
    {
        this.transport = transport;
        reading = ReadFramesAsync();
    }

    public int Pongs { get; private set; }

    public bool SawGoAway { get; private set; }

    public static async Task<Http2Connection> OpenAsync(string address, RemoteCertificateValidationCallback? trust = null, SslStreamCertificateContext? client = null)
    {
        const string UnixScheme = "unix:";
        var at = address.IndexOf(UnixScheme, StringComparison.Ordinal);
        var unix = at < 0 ? null : address[(at + UnixScheme.Length)..];
        var uri = unix is null ? new Uri(address) : null;
        var socket = unix is null
            ? new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }
            : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(unix is null ? new IPEndPoint(IPAddress.Parse(uri!.Host), uri.Port) : new UnixDomainSocketEndPoint(unix));
        Stream transport = new NetworkStream(socket, ownsSocket: true);
        if (trust is not null)
        {
            var tls = new SslStream(transport, false, trust);
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                ApplicationProtocols = [SslApplicationProtocol.Http2],
                ClientCertificateContext = client,
            });
            Assert.Equal(SslApplicationProtocol.Http2, tls.NegotiatedApplicationProtocol);
            transport = tls;
        }

        await transport.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray());
        var connection = new Http2Connection(transport);
        // HEADER_TABLE_SIZE 0, ENABLE_PUSH 0, INITIAL_WINDOW_SIZE 2^31-1; and the same for the connection.
        await connection.WriteFrameAsync(4, 0, 0, new byte[] { 0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 4, 0x7F, 0xFF, 0xFF, 0xFF });
        await connection.WriteFrameAsync(8, 0, 0, new byte[] { 0x7F, 0xFF, 0, 0 });
        await connection.settled.Task.WaitAsync(GrpcStream.WaitMax);
        return connection;
    }

    public async Task<GrpcStream> StartAsync(string path, string scheme = "http", string authority = "lethe_cluster", string? contentType = "application/grpc", params (string Name, string Value)[] headers)
    {
        List<(string, string)> fields = [(":method", "POST"), (":scheme", scheme), (":authority", authority), (":path", path), ("te", "trailers"), .. headers];
        if (contentType is not null)
        {
            fields.Add(("content-type", contentType));
        }

        await writing.WaitAsync();
        try
        {
            var stream = new GrpcStream(this, nextId);
            nextId += 2;
            streams[stream.Id] = stream;
            lock (windows)
            {
                stream.Window = streamWindow;
            }

            await WriteAsync(1, 4, stream.Id, Hpack.Encode(fields));
            return stream;
        }
        finally
        {
            writing.Release();
        }
    }

    public async Task SendDataAsync(GrpcStream stream, ReadOnlyMemory<byte> data, bool end)
    {
        do
        {
            var room = data.IsEmpty ? 0 : await TakeWindowAsync(stream, Math.Min(data.Length, FrameBytesMax));
            var last = room == data.Length;
            await WriteFrameAsync(0, (byte)(end && last ? 1 : 0), stream.Id, data[..room]);
            data = data[room..];
        }
        while (!data.IsEmpty);
    }

    public Task ResetAsync(GrpcStream stream, int code)
    {
        streams.TryRemove(stream.Id, out _);
        var payload = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, code);
        return WriteFrameAsync(3, 0, stream.Id, payload);
    }

    public Task PingAsync() => WriteFrameAsync(6, 0, 0, new byte[8]);

    /// <summary>Drops the connection without a word.</summary>
    public void Cut() => transport.Dispose();

    public async ValueTask DisposeAsync()
    {
        await transport.DisposeAsync();
        await reading;
        writing.Dispose();
    }

    private async Task WriteFrameAsync(byte type, byte flags, int id, ReadOnlyMemory<byte> payload)
    {
        await writing.WaitAsync();
        try
        {
            await WriteAsync(type, flags, id, payload);
        }
        finally
        {
            writing.Release();
        }
    }

    private async Task WriteAsync(byte type, byte flags, int id, ReadOnlyMemory<byte> payload)
    {
        var frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        (frame[3], frame[4]) = (type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), id);
        payload.CopyTo(frame.AsMemory(9));
        await transport.WriteAsync(frame);
    }

    private async Task<int> TakeWindowAsync(GrpcStream stream, int wanted)
    {
        while (true)
        {
            Task changed;
            lock (windows)
            {
                var room = (int)Math.Min(wanted, Math.Min(connectionWindow, stream.Window));
                if (room > 0)
                {
                    connectionWindow -= room;
                    stream.Window -= room;
                    return room;
                }

                changed = windowsChanged.Task;
            }

            await changed.WaitAsync(TimeSpan.FromSeconds(30));
        }
    }

    private async Task ReadFramesAsync()
    {
        var head = new byte[9];
        try
        {
            while (true)
            {
                await transport.ReadExactlyAsync(head);
                var payload = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
                await transport.ReadExactlyAsync(payload);
                await TakeFrameAsync(head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)), payload);
            }
        }
        catch (Exception closed) when (closed is IOException or ObjectDisposedException)
        {
            settled.TrySetException(new IOException("The server closed the connection.", closed));
            foreach (var stream in streams.Values)
            {
                stream.Break();
            }
        }
    }

    private async Task TakeFrameAsync(byte type, byte flags, int id, byte[] payload)
    {
        streams.TryGetValue(id, out var stream);
        switch (type)
        {
            case 0:
                stream?.TakeData(payload);
                break;
            case 1:
                stream?.TakeHeaders(payload);
                break;
            case 3:
                stream?.TakeReset(BinaryPrimitives.ReadInt32BigEndian(payload));
                break;
            case 4 when (flags & 1) == 0:
                TakeSettings(payload);
                await WriteFrameAsync(4, 1, 0, default);
                settled.TrySetResult();
                break;
            case 6 when (flags & 1) != 0:
                Pongs++;
                break;
            case 6:
                await WriteFrameAsync(6, 1, 0, payload);
                break;
            case 7:
                SawGoAway = true;
                break;
            case 8:
                OpenWindow(stream, BinaryPrimitives.ReadInt32BigEndian(payload), id == 0);
                break;
        }

        if (type is 0 or 1 && (flags & 1) != 0)
        {
            stream?.TakeEnd();
        }
    }

    private void TakeSettings(byte[] payload)
    {
        for (var at = 0; at + 6 <= payload.Length; at += 6)
        {
            if (BinaryPrimitives.ReadInt16BigEndian(payload.AsSpan(at)) == 4)
            {
                streamWindow = BinaryPrimitives.ReadInt32BigEndian(payload.AsSpan(at + 2));
            }
        }
    }

    private void OpenWindow(GrpcStream? stream, int increment, bool connection)
    {
        lock (windows)
        {
            if (connection)
            {
                connectionWindow += increment;
            }
            else if (stream is not null)
            {
                stream.Window += increment;
            }

            var changed = windowsChanged;
            windowsChanged = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            changed.SetResult();
        }
    }
}
