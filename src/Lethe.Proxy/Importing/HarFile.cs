using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Reading;
using Lethe.Proxy.IngestApi;

namespace Lethe.Proxy.Importing;

/// <summary>An HTTP archive (HAR 1.2), as browsers and proxies save it: its model calls, through the ordinary decoding. Bodies stand in it without their codings.</summary>
internal static class HarFile
{
    /// <summary>The file is one JSON document, which is read as a whole.</summary>
    private const long FileBytesMax = 512 * 1024 * 1024;

    private const int LookBytes = 4096;
    private const int HeadersMax = 256;

    // They tell of the bytes as they went over the wire, which are not there.
    private static readonly string[] OfTheWire = ["content-encoding", "content-length", "transfer-encoding"];

    public static bool IsBeginning(ReadOnlySpan<byte> text)
    {
        var beginning = text[..Math.Min(text.Length, LookBytes)].Trim(" \t\r\n"u8);
        return beginning is [(byte)'{', ..] && beginning[1..].TrimStart(" \t\r\n"u8).StartsWith("\"log\""u8);
    }

    public static async IAsyncEnumerable<ImportItem> ReadAsync(string path, [EnumeratorCancellation] CancellationToken cancel)
    {
        if (new FileInfo(path).Length > FileBytesMax)
        {
            yield return ImportItem.Faulty(1, "file_too_large");
            yield break;
        }

        using var document = Fields.Parse(await File.ReadAllBytesAsync(path, cancel));
        if (document?.RootElement.Field("log") is not { ValueKind: JsonValueKind.Object } log || log.Field("entries") is not { ValueKind: JsonValueKind.Array } entries)
        {
            yield return ImportItem.Faulty(1, document is null ? ImportItem.BadJson : ImportItem.BadField);
            yield break;
        }

        var place = 0L;
        foreach (var entry in entries.EnumerateArray())
        {
            place++;
            var call = Read(entry);
            if (call is null || RecordedCall.IsModelCall(call))
            {
                yield return call is null ? ImportItem.Faulty(place, ImportItem.BadField) : ImportItem.Of(place, call);
            }
        }
    }

    private static CapturedExchange? Read(JsonElement entry)
    {
        if (entry.ValueKind != JsonValueKind.Object || entry.Field("request") is not { ValueKind: JsonValueKind.Object } request || entry.Field("response") is not { ValueKind: JsonValueKind.Object } response
            || !request.TryText("url", 64 * 1024, out var text) || !Uri.TryCreate(text, UriKind.Absolute, out var url)
            || !entry.TryText("startedDateTime", Fields.IdCharsMax, out var started)
            || !DateTimeOffset.TryParse(started, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at) || at < DateTimeOffset.UnixEpoch)
        {
            return null;
        }

        var sent = request.Field("postData") is { ValueKind: JsonValueKind.Object } post ? Body(post) : [];
        var got = response.Field("content") is { ValueKind: JsonValueKind.Object } content ? Body(content) : [];
        if (sent is null || got is null || Headers(request) is not { } asked || Headers(response) is not { } answered)
        {
            return null;
        }

        var status = response.Field("status") is { ValueKind: JsonValueKind.Number } code && code.TryGetInt32(out var number) && number is >= 100 and <= 599 ? number : (int?)null;
        var time = entry.Field("time") is { ValueKind: JsonValueKind.Number } took && took.TryGetDouble(out var milliseconds) && milliseconds is > 0 and < 86_400_000 ? TimeSpan.FromMilliseconds(milliseconds) : (TimeSpan?)null;
        return RecordedCall.Of(new RecordedCall(url, RetoldCall.Word(request, "method") ?? "POST", RetoldCall.Word(request, "httpVersion"), at, time, asked, sent, status, answered, got));
    }

    private static byte[]? Body(JsonElement holder)
    {
        if (holder.Field("text") is not { } text)
        {
            return [];
        }

        try
        {
            return text.ValueKind != JsonValueKind.String ? null
                : RetoldCall.Word(holder, "encoding") != "base64" ? Encoding.UTF8.GetBytes(text.GetString()!)
                : text.TryGetBytesFromBase64(out var bytes) ? bytes : null;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair is no text that was ever sent.
            return null;
        }
    }

    private static List<HeaderField>? Headers(JsonElement holder)
    {
        if (holder.Field("headers") is not { ValueKind: JsonValueKind.Array } headers || headers.GetArrayLength() > HeadersMax)
        {
            return null;
        }

        List<HeaderField> read = [];
        foreach (var header in headers.EnumerateArray())
        {
            if (JsonWord.Member(header, "name") is null || !header.TryText("name", Fields.IdCharsMax, out var name) || !header.TryText("value", 32 * 1024, out var value) || name is not { Length: > 0 })
            {
                return null;
            }

            if (!name.StartsWith(':') && !OfTheWire.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                read.Add(new HeaderField(name, value ?? ""));
            }
        }

        return read;
    }
}
