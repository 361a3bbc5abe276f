using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.Tests.Support;
using Xunit.Abstractions;

namespace Lethe.Proxy.Tests.Forwarding;

/// <summary>Recorded calls, where they are found beside the checkout, through the door: every byte and header on both sides, one exchange each.</summary>
public sealed class SharedExchangesThroughTheProxyTests(ITestOutputHelper output)
{
    private static readonly string[] OfTheConnection = ["host", "connection", "keep-alive", "transfer-encoding", "content-length", "te", "upgrade", "proxy-authorization"];

    [Fact]
    public async Task Every_recorded_call_passes_byte_for_byte()
    {
        if (SharedFile("exchanges.jsonl.gz") is not { } file)
        {
            output.WriteLine("No shared/fixtures beside the checkout: nothing was replayed.");
            return;
        }

        var current = new TaskCompletionSource<RecordedCall>();
        var received = new List<(string Head, byte[] Body)>();
        await using var api = new RawServer(async connection =>
        {
            while (true)
            {
                var (head, body, _) = await connection.ReadMessageAsync();
                received.Add((head, body));
                await connection.SendAsync((await current.Task).Response());
            }
        });
        await using var door = await ForwardingDoor.StartAsync(setup => setup.Options.Upstreams["recorded"] = new() { Address = api.Address });
        using var client = await RawConnection.OpenAsync(door.Address, CancellationToken.None);
        var count = 0;
        foreach (var call in RecordedCall.Read(file))
        {
            current = new TaskCompletionSource<RecordedCall>();
            current.SetResult(call);
            received.Clear();
            await client.SendAsync(call.Request());
            var (head, body, _) = await client.ReadMessageAsync();
            Assert.True(received.Count == 1, $"{call.Id} did not reach the upstream: {call.Target} {head}");
            var exchange = await door.CapturedAsync();
            Check(call, received[0], (head, body), exchange);
            count++;
        }

        output.WriteLine($"{count} recorded calls passed.");
        Assert.True(count > 0);
    }

    private static void Check(RecordedCall call, (string Head, byte[] Body) atUpstream, (string Head, byte[] Body) atClient, CapturedExchange exchange)
    {
        Assert.True(atUpstream.Head.StartsWith($"{call.Method} {call.Target} HTTP/1.1\r\n", StringComparison.Ordinal), call.Id + ": " + atUpstream.Head);
        Assert.Equal(Joined(call.RequestHeaders), Joined(Fields(atUpstream.Head)));
        Assert.True(atUpstream.Body.AsSpan().SequenceEqual(call.RequestBody), call.Id + ": request body");
        Assert.StartsWith($"HTTP/1.1 {call.Status} Recorded", atClient.Head, StringComparison.Ordinal);
        Assert.Equal(Sorted(call.ResponseHeaders), Sorted(Fields(atClient.Head)));
        Assert.True(atClient.Body.AsSpan().SequenceEqual(call.ResponseBody), call.Id + ": response body");
        Assert.Equal((call.Status, Ending.Completed), (exchange.Status, exchange.Ending));
        Assert.Equal((Hash(call.RequestBody), Hash(call.ResponseBody)), (exchange.Request.Sha256, exchange.Response.Sha256));
        Assert.Equal(call.Target, exchange.Path + exchange.Query);
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static IEnumerable<(string Name, string Value)> Fields(string head) => head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Skip(1)
        .Select(line => (line[..line.IndexOf(':', StringComparison.Ordinal)], line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()));

    private static IEnumerable<(string Name, string Value)> EndToEnd(IEnumerable<(string Name, string Value)> fields) => fields
        .Select(field => (Name: field.Name.ToLowerInvariant(), Value: field.Value.Trim()))
        .Where(field => !OfTheConnection.Contains(field.Name))
        .OrderBy(field => field.Name, StringComparer.Ordinal);

    // The upstream's client writes a repeated header as one line (RFC 9110 §5.3); the order of its values is kept.
    private static IEnumerable<string> Joined(IEnumerable<(string Name, string Value)> fields) => EndToEnd(fields)
        .GroupBy(field => field.Name)
        .Select(group => group.Key + ": " + string.Join(group.Key == "cookie" ? "; " : ", ", group.Select(field => field.Value)));

    private static IEnumerable<string> Sorted(IEnumerable<(string Name, string Value)> fields) => EndToEnd(fields).Select(field => field.Name + ": " + field.Value);

    private static string? SharedFile(string name)
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            var fixtures = Path.Combine(directory.FullName, "shared", "fixtures");
            if (File.Exists(Path.Combine(fixtures, "README.md")))
            {
                return Path.Combine(fixtures, name);
            }
        }

        return null;
    }
}

/// <summary>One line of the recorded exchanges, as bytes for both sides of the wire.</summary>
internal sealed record RecordedCall(
    string Id, string Method, string Target, List<(string Name, string Value)> RequestHeaders, byte[] RequestBody, int Status, List<(string Name, string Value)> ResponseHeaders, byte[] ResponseBody)
{
    public static IEnumerable<RecordedCall> Read(string file)
    {
        using var lines = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
        while (lines.ReadLine() is { } line)
        {
            using var record = JsonDocument.Parse(line);
            yield return Of(record.RootElement);
        }
    }

    public byte[] Request() => Message($"{Method} /recorded{Target} HTTP/1.1\r\nHost: lethe\r\n", RequestHeaders, RequestBody, chunked: false);

    public byte[] Response() => Message($"HTTP/1.1 {Status} Recorded\r\n", ResponseHeaders, ResponseBody, ResponseHeaders.Exists(IsChunked));

    private static RecordedCall Of(JsonElement record)
    {
        var request = record.GetProperty("request");
        var response = record.GetProperty("response");
        var body = response.TryGetProperty("body_b64", out var wire) ? wire.GetBytesFromBase64() : Encoding.UTF8.GetBytes(response.GetProperty("body").GetString() ?? "");
        return new RecordedCall(
            record.GetProperty("id").GetString()!,
            request.GetProperty("method").GetString()!,
            TargetOf(request.GetProperty("url").GetString()!),
            Headers(request),
            Encoding.UTF8.GetBytes(request.GetProperty("body").GetString() ?? ""),
            response.GetProperty("status").GetInt32(),
            Headers(response),
            body);
    }

    private static string TargetOf(string url)
    {
        var authority = url.IndexOf("://", StringComparison.Ordinal);
        var path = authority < 0 ? url.IndexOf('/', StringComparison.Ordinal) : url.IndexOf('/', authority + 3);
        var target = path < 0 ? "/" : url[path..];
        return string.Concat(target.Select(c => c is > ' ' and < '\x7f' and not ('<' or '>' or '#') ? c.ToString() : Uri.EscapeDataString(c.ToString())));
    }

    private static List<(string Name, string Value)> Headers(JsonElement message) => [.. message.GetProperty("headers").EnumerateArray()
        .Select(header => (header[0].GetString()!, Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(header[1].GetString()!.ReplaceLineEndings(" "))).Trim()))];

    private static bool IsChunked((string Name, string Value) header) => header.Name.Equals("transfer-encoding", StringComparison.OrdinalIgnoreCase);

    private static byte[] Message(string start, List<(string Name, string Value)> headers, byte[] body, bool chunked)
    {
        using var message = new MemoryStream();
        void Write(string text) => message.Write(Encoding.Latin1.GetBytes(text));

        Write(start);
        foreach (var (name, value) in headers.Where(header => header.Name.ToLowerInvariant() is not ("host" or "connection" or "keep-alive" or "transfer-encoding" or "content-length")))
        {
            Write($"{name}: {value}\r\n");
        }

        if (!chunked)
        {
            Write($"Content-Length: {body.Length}\r\n\r\n");
            message.Write(body);
            return message.ToArray();
        }

        Write("Transfer-Encoding: chunked\r\n\r\n");
        foreach (var chunk in body.Chunk(1000))
        {
            Write($"{chunk.Length:x}\r\n");
            message.Write(chunk);
            Write("\r\n");
        }

        Write("0\r\n\r\n");
        return message.ToArray();
    }
}
