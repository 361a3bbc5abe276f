using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Tests.Decoding;

/// <summary>Recorded traffic that lies beside the checkout on some machines; tests over it pass, saying so, where it does not.</summary>
internal static class SharedFixtures
{
    public static string? Directory { get; } = Find();

    public static IEnumerable<JsonElement> Exchanges() => Records("exchanges.jsonl.gz");

    /// <summary>Recorded WebSockets, each with its <c>frames</c>.</summary>
    public static IEnumerable<JsonElement> Sockets() => Records("websocket.jsonl.gz");

    private static IEnumerable<JsonElement> Records(string name)
    {
        using var file = new StreamReader(new GZipStream(File.OpenRead(Path.Combine(Directory!, name)), CompressionMode.Decompress), Encoding.UTF8);
        while (file.ReadLine() is { } line)
        {
            using var document = JsonDocument.Parse(line);
            yield return document.RootElement.Clone();
        }
    }

    /// <summary>The record as a door would have captured it.</summary>
    public static CapturedExchange ToExchange(JsonElement record)
    {
        var request = record.GetProperty("request");
        var response = record.GetProperty("response");
        var url = request.GetProperty("url").GetString()!;
        var path = url.Contains("://", StringComparison.Ordinal) ? url[(url.IndexOf("://", StringComparison.Ordinal) + 3)..] : url;
        path = path.Contains('/', StringComparison.Ordinal) ? path[path.IndexOf('/', StringComparison.Ordinal)..] : "/";
        var query = path.IndexOf('?', StringComparison.Ordinal);
        return Invented.Exchange(query < 0 ? path : path[..query], Bytes(request), Bytes(response)) with
        {
            Method = request.GetProperty("method").GetString()!,
            Provider = record.GetProperty("provider").GetString(),
            RequestHeaders = Headers(request),
            ResponseHeaders = Headers(response),
            Status = response.GetProperty("status").GetInt32(),
        };
    }

    private static byte[] Bytes(JsonElement message) =>
        message.TryGetProperty("body_b64", out var coded) && coded.ValueKind == JsonValueKind.String
            ? coded.GetBytesFromBase64()
            : Encoding.UTF8.GetBytes(message.GetProperty("body").GetString() ?? "");

    private static List<HeaderField> Headers(JsonElement message) =>
        [.. message.GetProperty("headers").EnumerateArray().Select(pair => new HeaderField(pair[0].GetString()!, pair[1].GetString()!))];

    private static string? Find()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            var candidate = Path.Combine(at.FullName, "shared", "fixtures");
            if (File.Exists(Path.Combine(candidate, "README.md")))
            {
                return candidate;
            }
        }

        return null;
    }
}
