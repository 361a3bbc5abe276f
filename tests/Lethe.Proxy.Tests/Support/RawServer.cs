using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Lethe.Proxy.Tests.Support;

/// <summary>A server that answers with exactly the bytes it is told to: for odd heads, cut answers and odd framings.</summary>
public sealed class RawServer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private readonly Func<RawConnection, Task> serve;
    private readonly Task accepting;

    public RawServer(Func<RawConnection, Task> serve)
    {
        this.serve = serve;
        listener.Start();
        accepting = AcceptAsync();
    }

    public string Address => $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";

    /// <summary>Reads one request head and its declared body, answers with these bytes, and closes.</summary>
    public static RawServer Answering(string response) => new(async connection =>
    {
        await connection.ReadRequestAsync();
        await connection.SendAsync(response);
    });

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Stop();
        await accepting;
        stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                serving.Add(ServeAsync(await listener.AcceptTcpClientAsync(stopping.Token)));
            }
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or InvalidOperationException && stopping.IsCancellationRequested)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await serve(new RawConnection(client.Client, stopping.Token));
            }
            catch (Exception end) when (end is IOException or SocketException or OperationCanceledException)
            {
                // The other side went away, as tests want it to.
            }
        }
    }
}

/// <summary>One end of a socket, by bytes; text is Latin-1.</summary>
public sealed class RawConnection(Socket socket, CancellationToken cancellation) : IDisposable
{
    private readonly NetworkStream stream = new(socket, ownsSocket: true);
    private readonly List<byte> received = [];

    public static async Task<RawConnection> OpenAsync(string address, CancellationToken cancellation)
    {
        var uri = new Uri(address);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(uri.Host, uri.Port, cancellation);
        return new RawConnection(socket, cancellation);
    }

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(byte[] bytes) => await stream.WriteAsync(bytes, cancellation);

    /// <summary>Reads on until what has come contains <paramref name="mark"/>, and returns all of it up to the mark's end.</summary>
    public async Task<string> ReadUntilAsync(string mark)
    {
        while (true)
        {
            var text = Encoding.Latin1.GetString([.. received]);
            var at = text.IndexOf(mark, StringComparison.Ordinal);
            if (at >= 0)
            {
                received.RemoveRange(0, at + mark.Length);
                return text[..(at + mark.Length)];
            }

            if (!await ReadSomeAsync())
            {
                throw new IOException("The connection ended before '" + mark + "'; got: " + text);
            }
        }
    }

    /// <summary>Reads to the end of the connection; a reset counts as an end.</summary>
    public async Task<string> ReadToEndAsync()
    {
        try
        {
            while (await ReadSomeAsync())
            {
            }
        }
        catch (IOException)
        {
            // Reset.
        }

        return Encoding.Latin1.GetString([.. received]);
    }

    /// <summary>Reads one message and returns head and body as text.</summary>
    public async Task<(string Head, string Body)> ReadRequestAsync()
    {
        var (head, bytes, _) = await ReadMessageAsync();
        var body = Encoding.Latin1.GetString(bytes);
        return (head, body);
    }

    /// <summary>Reads one message by whichever framing its head names, and returns head, body, and the trailers of a chunked one.</summary>
    public async Task<(string Head, byte[] Body, string Trailers)> ReadMessageAsync()
    {
        var head = await ReadUntilAsync("\r\n\r\n");
        if (!head.Contains("transfer-encoding: chunked", StringComparison.OrdinalIgnoreCase))
        {
            var length = head.Split("\r\n").Where(line => line.StartsWith("content-length:", StringComparison.OrdinalIgnoreCase))
                .Select(line => int.Parse(line["content-length:".Length..], System.Globalization.CultureInfo.InvariantCulture)).FirstOrDefault();
            return (head, await ReadAsync(length), "");
        }

        using var body = new MemoryStream();
        while (true)
        {
            var size = int.Parse((await ReadUntilAsync("\r\n")).TrimEnd(), System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture);
            if (size == 0)
            {
                return (head, body.ToArray(), await ReadTrailersAsync());
            }

            body.Write(await ReadAsync(size));
            await ReadAsync(2);
        }
    }

    /// <summary>Reads exactly so many bytes.</summary>
    /// <exception cref="IOException">The connection ended before.</exception>
    public async Task<byte[]> ReadAsync(int count)
    {
        while (received.Count < count)
        {
            if (!await ReadSomeAsync())
            {
                throw new IOException("The body broke off.");
            }
        }

        var bytes = received.GetRange(0, count).ToArray();
        received.RemoveRange(0, count);
        return bytes;
    }

    private async Task<string> ReadTrailersAsync()
    {
        var trailers = new StringBuilder();
        while (await ReadUntilAsync("\r\n") is var line && line != "\r\n")
        {
            trailers.Append(line);
        }

        return trailers.ToString();
    }

    /// <summary>Sends a FIN, and goes on reading.</summary>
    public void FinishSending() => socket.Shutdown(SocketShutdown.Send);

    /// <summary>Closes with a reset instead of a clean end.</summary>
    public void Reset()
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }

    public void Dispose() => stream.Dispose();

    private async Task<bool> ReadSomeAsync()
    {
        var buffer = new byte[64 * 1024];
        var count = await stream.ReadAsync(buffer, cancellation);
        received.AddRange(buffer.AsSpan(0, count));
        return count > 0;
    }
}
