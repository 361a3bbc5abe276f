using System.Reflection;
using System.Text.Json;
using Lethe.Ingest.Reading;
using Lethe.Proxy.IngestApi;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Exporting;

/// <summary>
/// Calls as an HTTP archive (HAR 1.2), an entry each, written as they are read. Bodies stand in it without their content codings. What became of words that are not
/// there, or not as they were said, stands in the <c>comment</c> of their place; lethe's own names begin with an underscore, as the format asks.
/// </summary>
internal static class HarExport
{
    /// <summary>HAR's word for what is not known.</summary>
    private const int Unknown = -1;

    public static async Task WriteAsync(IEnumerable<KeptCall> calls, Stream into, Progress progress, CancellationToken cancel)
    {
        await using var json = new Utf8JsonWriter(into);
        json.WriteStartObject();
        json.WriteStartObject("log");
        json.WriteString("version", "1.2");
        json.WriteStartObject("creator");
        json.WriteString("name", "lethe");
        json.WriteString("version", typeof(HarExport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "");
        json.WriteEndObject();
        json.WriteString("comment", "Headers and bodies as kept, after redaction; credentials were never kept.");
        json.WriteStartArray("entries");
        long count = 0;
        foreach (var call in calls)
        {
            // An event that was told after the fact was no call.
            if (call.Record.Path == TurnEventLine.Path)
            {
                continue;
            }

            Write(json, call);
            await json.FlushAsync(cancel);
            progress.Count(++count);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
        await json.FlushAsync(cancel);
        into.WriteByte((byte)'\n');
    }

    private static void Write(Utf8JsonWriter json, KeptCall kept)
    {
        var record = kept.Record;
        json.WriteStartObject();
        json.WriteString("startedDateTime", record.CapturedAt);
        json.WriteNumber("time", Milliseconds(record.Timing.DurationMs));
        WriteRequest(json, kept);
        WriteResponse(json, kept);
        json.WriteStartObject("cache");
        json.WriteEndObject();
        json.WriteStartObject("timings");
        var wait = Math.Min(Milliseconds(record.Timing.TtfbMs), Milliseconds(record.Timing.DurationMs));
        json.WriteNumber("send", 0);
        json.WriteNumber("wait", wait);
        json.WriteNumber("receive", Milliseconds(record.Timing.DurationMs) - wait);
        json.WriteEndObject();
        json.WriteString("_exchange_id", record.ExchangeId);
        json.WriteString("_session_id", record.Session?.Id);
        json.WriteString("_outcome", record.Outcome);
        json.WriteString("_content", record.Content);
        if (kept.Why is { } why)
        {
            json.WriteString("comment", $"What was said is not here: {why}.");
        }

        json.WriteEndObject();
    }

    private static void WriteRequest(Utf8JsonWriter json, KeptCall kept)
    {
        var record = kept.Record;
        json.WriteStartObject("request");
        json.WriteString("method", record.Method);
        json.WriteString("url", Url(kept));
        json.WriteString("httpVersion", record.HttpVersion);
        WriteNone(json, "cookies");
        HarBody.WriteHeaders(json, kept.Call?.RequestHeaders ?? []);
        WriteQuery(json, kept.Call?.Query ?? "");
        if (kept.Call is not { } call || call.Request.KeptBytes > 0)
        {
            json.WriteStartObject("postData");
            HarBody.WriteRequest(json, kept);
            json.WriteEndObject();
        }

        json.WriteNumber("headersSize", Unknown);
        json.WriteNumber("bodySize", record.Request.Bytes);
        json.WriteEndObject();
    }

    private static void WriteResponse(Utf8JsonWriter json, KeptCall kept)
    {
        var record = kept.Record;
        json.WriteStartObject("response");
        // Where no answer came, the archives of browsers say 0.
        json.WriteNumber("status", record.Status ?? 0);
        json.WriteString("statusText", "");
        json.WriteString("httpVersion", record.HttpVersion);
        WriteNone(json, "cookies");
        HarBody.WriteHeaders(json, kept.Call?.ResponseHeaders ?? []);
        json.WriteStartObject("content");
        HarBody.WriteResponse(json, kept);
        json.WriteEndObject();
        json.WriteString("redirectURL", "");
        json.WriteNumber("headersSize", Unknown);
        json.WriteNumber("bodySize", record.Response.Bytes);
        json.WriteEndObject();
    }

    private static string Url(KeptCall kept) => kept.Call is { UpstreamHost: { Length: > 0 } host } call
        ? $"https://{host}{call.Path}{call.Query}"
        // Where it went is not held: a name that is nobody's (RFC 6761).
        : $"https://{kept.Record.Upstream ?? kept.Record.Provider ?? "unknown"}.invalid{kept.Call?.Path ?? kept.Record.Path}{kept.Call?.Query}";

    private static void WriteQuery(Utf8JsonWriter json, string query)
    {
        json.WriteStartArray("queryString");
        foreach (var part in query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            json.WriteStartObject();
            json.WriteString("name", Uri.UnescapeDataString(equals < 0 ? part : part[..equals]));
            json.WriteString("value", equals < 0 ? "" : Uri.UnescapeDataString(part[(equals + 1)..]));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteNone(Utf8JsonWriter json, string name)
    {
        json.WriteStartArray(name);
        json.WriteEndArray();
    }

    private static double Milliseconds(double? told) => told is > 0 ? told.Value : 0;
}
