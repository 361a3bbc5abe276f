using System.Buffers;
using System.Text;
using System.Text.Json;
using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Redaction;
using Lethe.Capture.Turns;

namespace Lethe.Ingest.Meaning;

/// <summary>What a column holds.</summary>
internal enum FactKind
{
    Integer,
    Text,
    Blob,
}

/// <summary>A column of an exchange's row that says the same in every store.</summary>
internal sealed record ExchangeFact(string Column, FactKind Kind, Func<NewExchange, object?> Of);

/// <summary>
/// An exchange as its row tells it, but for what it points at: each store has its own way of naming organisations, sessions, nodes and blobs.
/// Integers are <see cref="long"/>, ids and hashes bytes.
/// </summary>
public static class ExchangeFacts
{
    /// <summary>Under this attribute a door tells how the call came to it, where the door alone does not say.</summary>
    public const string CaptureModeAttribute = "lethe.capture_mode";

    /// <summary>How a call came that was imported: no door has heard it.</summary>
    public const string Import = "import";

    // Deeper arguments are kept as text: a reader's JSON parser has a limit too.
    private const int ArgumentsDepthMax = 48;

    internal static IReadOnlyList<ExchangeFact> All { get; } =
    [
        Integer("captured_at", one => one.Clock.At),
        Integer("duration_us", one => Microseconds.Of(one.Told.Exchange.Duration)),
        Integer("ttfb_us", one => Microseconds.Of(one.Told.Exchange.TimeToFirstByte)),
        Integer("stream", one => Bit(one.Told.Turn?.Stream ?? false)),
        Integer("status", one => one.Told.Exchange.Status),
        Integer("has_reply", one => Bit(one.Attempt.CountsReply)),
        Integer("is_turn", one => Bit(one.Attempt.IsTurn)),
        Integer("seq", one => one.Attempt.Seq),
        Integer("retry_key", one => one.RetryKey),
        Integer("attempt", one => one.Attempt.Number),
        Blob("retry_of", one => one.Attempt.RetryOf?.ToByteArray(bigEndian: true)),
        .. HeardFacts.All.Select(fact => new ExchangeFact(fact.Column, fact.Kind, one => fact.Of(one.Attempt.Counted))),
        Integer("chain_length", one => one.Told.Chain?.Nodes.Count),
        Integer("prompt_length", one => one.Told.Chain?.PromptLength),
        Integer("projection", one => one.Told.Chain?.Projection),
        Integer("cache_parameters", one => one.Told.Turn?.CacheParameters),
        Integer("cache_missed", one => one.Told.Turn?.CacheDiagnosis?.MissedInputTokens),
        Text("cache_marks", one => one.Told.Turn?.CacheMarks),
        Text("cache_diagnosis", one => one.Told.Turn?.CacheDiagnosis?.Reason),
        Integer("request_bytes", one => one.Told.Exchange.Request.WireBytes),
        Integer("request_truncated", one => Bit(one.Told.Exchange.Request.Truncated)),
        Integer("response_bytes", one => one.Told.Exchange.Response.WireBytes),
        Integer("response_truncated", one => Bit(one.Told.Exchange.Response.Truncated)),
        Integer("body_segment", one => one.At?.Segment),
        Integer("body_offset", one => one.At?.Offset),
        Integer("body_sequence", one => one.At?.Sequence),
        Blob("request_sha256", one => Sha256(one.Told.Exchange.Request)),
        Blob("response_sha256", one => Sha256(one.Told.Exchange.Response)),
        Text("content", one => Content(one.Told.Exchange)),
        Text("outcome", one => StoredWord.Of(one.Told.Outcome)),
        Text("operation", one => StoredWord.Of(one.Told.Turn?.Operation ?? default)),
        Text("commit_key", one => one.Key),
        Text("client_key", one => one.ClientKey),
        Text("path", one => one.Told.Exchange.Path),
        Text("thread_id", one => one.Told.Envelope.ThreadId),
        Text("prompt_id", one => one.Told.Envelope.PromptId),
        Text("request_kind", one => one.Told.Envelope.RequestKind),
        Text("project", one => one.Told.Envelope.Cwd),
        Text("connection_id", one => one.Told.Exchange.Attributes.GetValueOrDefault(CapturedExchange.ConnectionAttribute)),
        Text("model_requested", one => one.Told.Turn?.ModelRequested),
        Text("model_served", one => one.Told.Turn?.ModelServed),
        Text("response_id", one => one.Told.Turn?.ResponseId),
        Text("previous_response_id", one => one.Told.Turn?.PreviousResponseId),
        Text("upstream_request_id", one => one.Told.Turn?.UpstreamRequestId),
        Text("stop_reason", one => one.Told.Turn?.StopReason),
        Text("outcome_reason", one => one.Told.OutcomeReason),
        Text("repeated", one => one.Attempt.RepeatedJson()),
        Text("error", one => Error(one.Told)),
        Text("usage_reported", one => one.Told.Turn?.Usage?.ReportedJson),
        // As bytes: a reply may hold what a database's text cannot.
        Blob("reply_text", one => Utf8(one.Told.Turn?.ReplyText)),
        Blob("reply_reasoning", one => Utf8(one.Told.Turn?.ReplyReasoning)),
        Text("reply_tools", one => one.Told.Turn is { ToolCalls: { Count: > 0 } calls } ? Tools(calls) : null),
    ];

    /// <summary><c>base_url</c>, <c>forward_proxy</c>, <c>ext_proc</c>, <c>ingest</c> or <c>import</c>.</summary>
    public static string CaptureMode(CapturedExchange exchange) => exchange.Attributes.TryGetValue(CaptureModeAttribute, out var told)
        ? told
        : ProducedKind.Of(exchange) == ProducedKind.Imported ? Import
        : exchange.Door == Door.Forwarding ? "base_url" : StoredWord.Of(exchange.Door);

    private static ExchangeFact Integer(string column, Func<NewExchange, long?> of) => new(column, FactKind.Integer, one => of(one));

    private static ExchangeFact Text(string column, Func<NewExchange, string?> of) => new(column, FactKind.Text, of);

    private static ExchangeFact Blob(string column, Func<NewExchange, byte[]?> of) => new(column, FactKind.Blob, of);

    private static long Bit(bool value) => value ? 1 : 0;

    private static string Content(CapturedExchange exchange) =>
        exchange.Attributes.ContainsKey(ExchangeRedactor.RequestWithheldAttribute) || exchange.Attributes.ContainsKey(ExchangeRedactor.ResponseWithheldAttribute) ? "withheld"
        : exchange.Request.Truncated || exchange.Response.Truncated ? "truncated"
        : "kept";

    private static byte[]? Utf8(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);

    private static byte[]? Sha256(CapturedBody body)
    {
        var hash = new byte[32];
        return body.Sha256 is { Length: 64 } hex && Convert.FromHexString(hex, hash, out _, out _) == OperationStatus.Done ? hash : null;
    }

    private static string? Error(InterpretedExchange told)
    {
        var error = told.Turn?.Error is { } said ? new StoredError(said.Phase, said.Type, said.Code, said.Message)
            : told.Exchange.TransportError is { } below ? new StoredError("transport", below.Type, null, below.Message)
            : null;
        return error is null ? null : JsonSerializer.Serialize(error, StoredJson.Default.StoredError);
    }

    private static string Tools(IReadOnlyList<ToolCall> calls)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (var call in calls)
            {
                json.WriteStartObject();
                json.WriteString("id", call.Id);
                json.WriteString("name", call.Name);
                json.WritePropertyName("arguments");
                if (IsReadable(call.ArgumentsJson))
                {
                    json.WriteRawValue(call.ArgumentsJson, skipInputValidation: true);
                }
                else
                {
                    json.WriteStringValue(call.ArgumentsJson);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static bool IsReadable(string argumentsJson)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(argumentsJson), new JsonReaderOptions { MaxDepth = ArgumentsDepthMax });
        try
        {
            return reader.Read() && reader.TrySkip() && !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
