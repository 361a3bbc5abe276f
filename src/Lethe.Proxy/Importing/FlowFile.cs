using System.Runtime.CompilerServices;
using System.Text;
using Lethe.Capture.Exchanges;

namespace Lethe.Proxy.Importing;

/// <summary>Flows as mitmproxy saves them: one tagged netstring after another, each an HTTP call with its bytes as they went over the wire.</summary>
internal static class FlowFile
{
    private const int FlowBytesMax = 256 * 1024 * 1024;
    private const int HeadersMax = 256;

    public static bool IsBeginning(ReadOnlySpan<byte> text)
    {
        var digits = text.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        return digits is > 0 and <= TaggedNetstring.DigitsMax && text[digits] == ':';
    }

    public static async IAsyncEnumerable<ImportItem> ReadAsync(string path, [EnumeratorCancellation] CancellationToken cancel)
    {
        await using var file = new FileStream(path, new FileStreamOptions { Options = FileOptions.SequentialScan, Share = FileShare.ReadWrite | FileShare.Delete });
        for (var place = 1L; ; place++)
        {
            var (bytes, fault) = await TaggedNetstring.NextAsync(file, FlowBytesMax, cancel);
            if (fault is not null)
            {
                // Where the next one begins is not known any more.
                yield return ImportItem.Faulty(place, fault);
                yield break;
            }

            if (bytes is null)
            {
                yield break;
            }

            if (TaggedNetstring.Parse(bytes) is not Dictionary<string, object?> flow)
            {
                yield return ImportItem.Faulty(place, "bad_flow");
            }
            else if (flow.GetValueOrDefault("request") is Dictionary<string, object?> request)
            {
                var call = Read(request, flow.GetValueOrDefault("response") as Dictionary<string, object?>);
                if (call is null || RecordedCall.IsModelCall(call))
                {
                    yield return call is null ? ImportItem.Faulty(place, ImportItem.BadField) : ImportItem.Of(place, call);
                }
            }
        }
    }

    private static CapturedExchange? Read(Dictionary<string, object?> request, Dictionary<string, object?>? response)
    {
        var (scheme, host, path) = (Text(request, "scheme"), Text(request, "host"), Text(request, "path"));
        var port = request.GetValueOrDefault("port") as long?;
        if (scheme is not ("http" or "https") || port is null || !Uri.TryCreate($"{scheme}://{host}:{port}{path}", UriKind.Absolute, out var url)
            || Time(request, "timestamp_start") is not { } at || Headers(request) is not { } asked)
        {
            return null;
        }

        var answered = response is null ? [] : Headers(response);
        var took = response is not null && Time(response, "timestamp_end") is { } end && end > at ? end - at : (TimeSpan?)null;
        return answered is null ? null : RecordedCall.Of(new RecordedCall(
            url,
            Text(request, "method") ?? "POST",
            Text(request, "http_version"),
            at,
            took,
            asked,
            request.GetValueOrDefault("content") as byte[] ?? [],
            response?.GetValueOrDefault("status_code") is long status and >= 100 and <= 599 ? (int)status : null,
            answered,
            response?.GetValueOrDefault("content") as byte[] ?? []));
    }

    private static string? Text(Dictionary<string, object?> holder, string name) => holder.GetValueOrDefault(name) switch
    {
        byte[] bytes => Encoding.Latin1.GetString(bytes),
        string text => text,
        _ => null,
    };

    private static DateTimeOffset? Time(Dictionary<string, object?> holder, string name) => holder.GetValueOrDefault(name) switch
    {
        double seconds and >= 0 and < 253_402_300_799 => DateTimeOffset.UnixEpoch.AddSeconds(seconds),
        long seconds and >= 0 and < 253_402_300_799 => DateTimeOffset.UnixEpoch.AddSeconds(seconds),
        _ => null,
    };

    private static List<HeaderField>? Headers(Dictionary<string, object?> holder) =>
        holder.GetValueOrDefault("headers") is List<object?> { Count: <= HeadersMax } headers && headers.TrueForAll(header => header is List<object?> and [byte[], byte[]])
            ? [.. headers.Cast<List<object?>>().Select(header => new HeaderField(Encoding.Latin1.GetString((byte[])header[0]!), Encoding.Latin1.GetString((byte[])header[1]!))).Where(header => !header.Name.StartsWith(':'))]
            : null;
}
