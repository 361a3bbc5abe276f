using System.Globalization;
using System.Text.Json;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Exporting;

/// <summary>
/// A conversation a line, as messages of a vendor's API: all that a model was told from the first message to its last answer. A session has as many lines as it has
/// ends that no later call goes on from: its own, one before each compaction, and those of calls aside.
/// </summary>
internal sealed class ConversationLines(StoreReader reader, Func<Utf8JsonWriter, IMessagePen> begin)
{
    /// <summary>Session after session, message after message: of a session the addresses of its messages are held, and one run of messages.</summary>
    /// <param name="filter">The calls whose conversations these are; each goes up to the last of them.</param>
    public async Task WriteAsync(ExchangeFilter filter, Stream into, Progress progress, CancellationToken cancel)
    {
        long count = 0;
        foreach (var session in ExportedSessions.Of(reader, filter))
        {
            foreach (var end in Ends(filter with { SessionId = session, IsNewestFirst = true }))
            {
                await using var json = new Utf8JsonWriter(into);
                json.WriteStartObject();
                var held = await WriteMessagesAsync(json, end, cancel);
                WriteMetadata(json, end, held);
                json.WriteEndObject();
                await json.FlushAsync(cancel);
                into.WriteByte((byte)'\n');
                progress.Count(++count);
            }
        }
    }

    private List<End> Ends(ExchangeFilter newestFirst)
    {
        HashSet<string> goneOnFrom = new(StringComparer.Ordinal);
        HashSet<string> gone = new(StringComparer.Ordinal);
        List<End> ends = [];
        foreach (var record in reader.Exchanges(Organisation.None, newestFirst))
        {
            var leaf = record.Chain?.Leaf;
            if (leaf is not null && goneOnFrom.Contains(leaf))
            {
                continue;
            }

            IReadOnlyList<string> chain = leaf is null ? [] : reader.Chain(Organisation.None, leaf);
            goneOnFrom.UnionWith(chain);
            // Of what is held no longer one line tells.
            if (chain.Count > 0 || (record.Content is "erased" or "expired" or "withheld" && gone.Add(record.Content)))
            {
                ends.Add(new End(record, chain));
            }
        }

        ends.Reverse();
        return ends;
    }

    /// <summary>How many messages were held.</summary>
    private async Task<int> WriteMessagesAsync(Utf8JsonWriter json, End end, CancellationToken cancel)
    {
        var pen = begin(json);
        if (end.System is { } system && reader.Blob(Organisation.None, system) is { } prompt && TextOf(prompt) is { Length: > 0 } told)
        {
            pen.Write(new SpokenRun(SpokenRun.System, [new SaidBlock(told)]));
        }

        var held = 0;
        foreach (var run in SpokenRun.Of(Messages()))
        {
            pen.Write(run);
            await json.FlushAsync(cancel);
        }

        pen.End();
        return held;

        IEnumerable<ConversationMessage> Messages()
        {
            foreach (var hash in end.Chain)
            {
                if (reader.Message(Organisation.None, hash) is { } message)
                {
                    held++;
                    yield return message;
                }
            }
        }
    }

    private static string TextOf(byte[] prompt)
    {
        using var document = JsonDocument.Parse(prompt);
        return MessageBlocks.TextOf(document.RootElement);
    }

    private static void WriteMetadata(Utf8JsonWriter json, End end, int held)
    {
        json.WriteStartObject("metadata");
        json.WriteString("session_id", end.SessionId);
        json.WriteString("harness_id", end.HarnessId);
        json.WriteString("harness_session_id", end.HarnessSessionId);
        json.WriteString("exchange_id", end.ExchangeId);
        json.WriteString("captured_at", end.CapturedAt);
        json.WriteString("outcome", end.Outcome);
        json.WriteString("content", end.Content);
        WriteKnown(json, "model", end.Model);
        WriteKnown(json, "request_kind", end.RequestKind);
        if (held < end.Length)
        {
            json.WriteString("messages_not_held", (end.Length - held).ToString(CultureInfo.InvariantCulture));
        }

        json.WriteEndObject();
    }

    private static void WriteKnown(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    /// <summary>The call that a conversation ends with, without its words.</summary>
    private sealed class End(ExchangeRecord record, IReadOnlyList<string> chain)
    {
        public string ExchangeId { get; } = record.ExchangeId;
        public string? SessionId { get; } = record.Session?.Id;
        public string HarnessId { get; } = record.Harness.Id;
        public string? HarnessSessionId { get; } = record.Session?.HarnessSessionId;
        public string CapturedAt { get; } = record.CapturedAt;
        public string Outcome { get; } = record.Outcome;
        public string Content { get; } = record.Content;
        public string? Model { get; } = record.ModelServed ?? record.ModelRequested;
        public string? RequestKind { get; } = record.RequestKind;
        public string? System { get; } = record.Chain?.System;
        public int Length { get; } = record.Chain?.Length ?? 0;
        public IReadOnlyList<string> Chain { get; } = chain;
    }
}
