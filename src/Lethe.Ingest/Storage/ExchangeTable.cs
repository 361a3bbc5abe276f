using System.Buffers;
using System.Text;
using System.Text.Json;
using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Reading;
using SQLitePCL;

namespace Lethe.Ingest.Storage;

/// <summary>Where the parts of an exchange's row are stored.</summary>
internal readonly record struct ExchangePlaces(long Org, long Route, long Caller, long? Root, long? Leaf, long? System, long? Tools);

/// <summary>The exchanges: one row each, inserted once. Takes part in the caller's transaction.</summary>
internal sealed class ExchangeTable(sqlite3 database) : IDisposable
{
    // Deeper arguments are kept as text: a reader's JSON parser has a limit too.
    private const int ArgumentsDepthMax = 48;

    private const string Columns = "exchange_id, commit_key, org, own_session, session, thread_id, captured_at, route, caller, "
        + "stream, status, outcome, outcome_reason, error, model_requested, model_served, response_id, previous_response_id, upstream_request_id, "
        + "stop_reason, prompt_id, request_kind, has_reply, is_turn, retry_key, attempt, retry_of, "
        + "usage_final, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, usage_reported, cost_nano_usd, price_book, "
        + "reply_text, reply_reasoning, reply_tools, root, leaf, chain_length, prompt_length, projection, system, tools, ttfb_us, duration_us, "
        + "request_bytes, request_sha256, request_truncated, response_bytes, response_sha256, response_truncated, "
        + "body_segment, body_offset, body_sequence";

    private readonly Statement insert = new(
        database, $"INSERT INTO exchanges ({Columns}) VALUES ({string.Join(", ", Enumerable.Repeat("?", Columns.Count(c => c == ',') + 1))})");

    /// <summary>Inserts the row; its place in the order of commits.</summary>
    public long Insert(InterpretedExchange told, Attempt attempt, long? retryKey, in ExchangePlaces places, JournalPosition? bodyAt)
    {
        var exchange = told.Exchange;
        Span<byte> id = stackalloc byte[16];
        exchange.Id.Value.TryWriteBytes(id, bigEndian: true, out _);
        insert
            .Bind(id)
            .Bind(exchange.CommitKey)
            .Bind(places.Org)
            .Bind(attempt.OwnSession)
            .Bind(attempt.Session)
            .Bind(told.Envelope.ThreadId)
            .Bind(attempt.Clock.At)
            .Bind(places.Route)
            .Bind(places.Caller);
        BindAnswer(told);
        insert.Bind(attempt.HasReply).Bind(attempt.IsTurn).Bind(retryKey).Bind(attempt.Number);
        BindBlob(attempt.RetryOf?.ToByteArray(bigEndian: true));
        BindUsage(told);
        BindReply(told.Turn);
        insert
            .Bind(places.Root)
            .Bind(places.Leaf)
            .Bind(told.Chain?.Nodes.Count)
            .Bind(told.Chain?.PromptLength)
            .Bind(told.Chain?.Projection)
            .Bind(places.System)
            .Bind(places.Tools)
            .Bind(Microseconds.Of(exchange.TimeToFirstByte))
            .Bind(Microseconds.Of(exchange.Duration));
        BindBody(exchange.Request);
        BindBody(exchange.Response);
        return insert.Bind(bodyAt?.Segment).Bind(bodyAt?.Offset).Bind(bodyAt?.Sequence).Insert();
    }

    public void Dispose() => insert.Dispose();

    private void BindAnswer(InterpretedExchange told)
    {
        var turn = told.Turn;
        var error = turn?.Error is { } told1 ? new ErrorRecord(told1.Phase, told1.Type, told1.Code, told1.Message)
            : told.Exchange.TransportError is { } below ? new ErrorRecord("transport", below.Type, null, below.Message)
            : null;
        insert
            .Bind(turn?.Stream ?? false)
            .Bind(told.Exchange.Status)
            .Bind(StoredWord.Of(told.Outcome))
            .Bind(told.OutcomeReason)
            .Bind(error is null ? null : JsonSerializer.Serialize(error, StoredJson.Default.ErrorRecord))
            .Bind(turn?.ModelRequested)
            .Bind(turn?.ModelServed)
            .Bind(turn?.ResponseId)
            .Bind(turn?.PreviousResponseId)
            .Bind(turn?.UpstreamRequestId)
            .Bind(turn?.StopReason)
            .Bind(told.Envelope.PromptId)
            .Bind(told.Envelope.RequestKind);
    }

    private void BindUsage(InterpretedExchange told)
    {
        var usage = told.Turn?.Usage;
        insert
            .Bind(usage is null ? null : usage.Final ? 1L : 0L)
            .Bind(usage?.Input)
            .Bind(usage?.CacheRead)
            .Bind(usage?.CacheWrite5m)
            .Bind(usage?.CacheWrite1h)
            .Bind(usage?.Output)
            .Bind(usage?.Reasoning)
            .Bind(usage?.ReportedJson)
            .Bind(told.Cost?.NanoUsd)
            .Bind(told.Cost?.PriceBook);
    }

    private void BindReply(Turn? turn) => insert
        .Bind(turn?.ReplyText)
        .Bind(turn?.ReplyReasoning)
        .Bind(turn is { ToolCalls.Count: > 0 } ? ToolsJson(turn.ToolCalls) : null);

    private void BindBody(CapturedBody body)
    {
        insert.Bind(body.WireBytes);
        Span<byte> hash = stackalloc byte[32];
        if (body.Sha256 is { Length: 64 } hex && Convert.FromHexString(hex, hash, out _, out _) == OperationStatus.Done)
        {
            insert.Bind(hash);
        }
        else
        {
            insert.BindNull();
        }

        insert.Bind(body.Truncated);
    }

    private void BindBlob(byte[]? value)
    {
        if (value is null)
        {
            insert.BindNull();
        }
        else
        {
            insert.Bind(value);
        }
    }

    private static string ToolsJson(IReadOnlyList<ToolCall> calls)
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
