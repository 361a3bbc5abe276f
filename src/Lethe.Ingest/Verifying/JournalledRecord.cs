using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lethe.Capture;
using Lethe.Capture.Chains;
using Lethe.Capture.Turns;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;

namespace Lethe.Ingest.Verifying;

/// <summary>
/// What the record of one exchange has to say by what was heard, worked out anew and apart from the code that stores it. Only what the exchange says
/// by itself: its turn, its attempt and its session are told by the others too.
/// </summary>
internal static class JournalledRecord
{
    // Deeper arguments are kept as text: a reader's JSON parser has a limit too.
    private const int ArgumentsDepthMax = 48;

    // Nobody's words are shown by a check.
    private static readonly string[] Words = ["reply", "error"];

    /// <summary>The members in which a record differs, each with what was found.</summary>
    public static IEnumerable<(string Member, string Detail)> Differences(ExchangeRecord stored, InterpretedExchange told)
    {
        var expected = Of(told, stored);
        var there = JsonSerializer.SerializeToNode(stored, ExchangeRecordJson.Default.ExchangeRecord)!.AsObject();
        return JsonSerializer.SerializeToNode(expected, ExchangeRecordJson.Default.ExchangeRecord)!.AsObject()
            .Where(member => !JsonNode.DeepEquals(member.Value, there[member.Key]))
            .Select(member => (member.Key, Words.Contains(member.Key)
                ? $"the {member.Key} is another one than in the journal"
                : $"{member.Key} is {Text(there[member.Key])}, {Text(member.Value)} by the journal"));
    }

    private static ExchangeRecord Of(InterpretedExchange heard, ExchangeRecord stored)
    {
        var told = StorableText.Of(heard);
        var (exchange, turn) = (told.Exchange, told.Turn);
        // Which tokens and which money an answer that was told again stands for, only the other calls tell.
        var isAskedAgain = Answers.IsRetold(told);
        // Nor which of a batch's results others have brought before.
        var isShared = isAskedAgain || turn is { Results.Count: > 0 };
        // A book of other prices gives another sum, and is no fault.
        var isOtherBook = stored.PriceBook != told.Cost?.PriceBook;
        return stored with
        {
            ExchangeId = exchange.Id.ToString(),
            CommitKey = ExchangeDelivery.KeyOf(exchange),
            ClientKey = ExchangeDelivery.ClientKeyOf(exchange),
            CaptureMode = ExchangeFacts.CaptureMode(exchange),
            PromptId = told.Envelope.PromptId,
            RequestKind = told.Envelope.RequestKind,
            PreviousResponseId = turn?.PreviousResponseId,
            CostReportedNanoUsd = isShared ? stored.CostReportedNanoUsd : turn?.ReportedCostNanoUsd ?? turn?.Usage?.ReportedCostNanoUsd,
            OrgId = exchange.OrgId,
            Door = StoredWord.Of(exchange.Door),
            CapturedAt = Microseconds.ToText(Microseconds.Of(exchange.CapturedAt)),
            Method = exchange.Method,
            Path = exchange.Path,
            Upstream = NullIfEmpty(exchange.Upstream),
            HttpVersion = exchange.HttpVersion,
            Provider = NullIfEmpty(turn?.Provider ?? exchange.Provider),
            Endpoint = NullIfEmpty(turn?.Endpoint),
            Operation = isAskedAgain ? stored.Operation : StoredWord.Of(turn?.Operation ?? default),
            Stream = turn?.Stream ?? false,
            Status = exchange.Status,
            Outcome = StoredWord.Of(told.Outcome),
            OutcomeReason = told.OutcomeReason,
            Error = ErrorOf(told),
            ModelRequested = turn?.ModelRequested,
            ModelServed = turn?.ModelServed,
            ResponseId = turn?.ResponseId,
            UpstreamRequestId = turn?.UpstreamRequestId,
            StopReason = turn?.StopReason,
            Usage = isShared ? stored.Usage : UsageOf(turn?.Usage),
            CostNanoUsd = isShared || isOtherBook ? stored.CostNanoUsd : told.Cost?.NanoUsd,
            // Rows of versions before do not tell it.
            Cost = isShared || isOtherBook || stored.Cost is null ? stored.Cost : told.Cost?.Parts,
            Reply = isAskedAgain ? stored.Reply : ReplyOf(told),
            Harness = new HarnessRecord(told.Envelope.HarnessId, NullIfEmpty(told.Envelope.HarnessVersion)),
            Evidence = turn?.PreviousResponseId is null && !isAskedAgain && stored.Evidence.GetValueOrDefault(Delegations.EvidenceOfParent) != Delegations.Evidence ? told.Envelope.Evidence : stored.Evidence,
            Chain = IsChainedBefore(stored, told) ? stored.Chain : ChainOf(told),
            Timing = new TimingRecord(Microseconds.Of(exchange.TimeToFirstByte) / 1000.0, Microseconds.Of(exchange.Duration) / 1000.0),
            Request = new BodyRecord { Bytes = exchange.Request.WireBytes, Sha256 = exchange.Request.Sha256, Truncated = exchange.Request.Truncated },
            Response = new BodyRecord { Bytes = exchange.Response.WireBytes, Sha256 = exchange.Response.Sha256, Truncated = exchange.Response.Truncated },
        };
    }

    private static ErrorRecord? ErrorOf(InterpretedExchange told) => told switch
    {
        { Turn.Error: { } said } => new ErrorRecord(said.Phase, said.Type, said.Code, said.Message),
        { Exchange.TransportError: { } below } => new ErrorRecord("transport", below.Type, null, below.Message),
        _ => null,
    };

    private static UsageRecord? UsageOf(Usage? usage) => usage is null ? null : new UsageRecord
    {
        Source = usage.Final ? "final" : "partial",
        InputTokens = usage.InputTotal,
        CacheReadTokens = usage.CacheRead,
        CacheWriteTokens = usage.CacheWrite,
        OutputTokens = usage.Output,
        ReasoningTokens = usage.Reasoning,
        CacheWrite5mTokens = usage.CacheWrite5m,
        CacheWrite1hTokens = usage.CacheWrite1h,
        Reported = usage.ReportedJson is null ? null : JsonSerializer.Deserialize(usage.ReportedJson, ExchangeRecordJson.Default.JsonElement),
    };

    private static ReplyRecord? ReplyOf(InterpretedExchange told) => told is { IsTurn: true, Turn: { } turn }
        ? new ReplyRecord(turn.ReplyText, turn.ReplyReasoning, [.. turn.ToolCalls.Select(call => new ToolCallRecord(call.Id, call.Name, Arguments(call.ArgumentsJson)))])
        : null;

    private static ChainRecord? ChainOf(InterpretedExchange told) => told.Chain is { } chain
        ? new ChainRecord(chain.Nodes.Count, chain.Root?.ToString(), chain.Leaf?.ToString(), chain.Projection, HashOf(told.Turn?.System), HashOf(told.Turn?.Tools))
        : null;

    // Versions before put what is said upon an answer below nothing.
    private static bool IsChainedBefore(ExchangeRecord stored, InterpretedExchange told) =>
        told is { Turn: { PreviousResponseId.Length: > 0 } turn, Chain: not null }
        && stored.Chain is { Leaf: { } leaf } && leaf == ChainBuilder.Build(turn with { PreviousResponseId = null })?.Leaf?.ToString();

    private static JsonElement Arguments(string json)
    {
        try
        {
            return JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = ArgumentsDepthMax }).RootElement;
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToElement(json, StoredJson.Default.String);
        }
    }

    private static string Text(JsonNode? value) => value?.ToJsonString() is { } text ? text.Length <= 200 ? text : text[..200] + "…" : "null";

    private static string? HashOf(byte[]? content) => content is null ? null : Convert.ToHexStringLower(SHA256.HashData(content));

    private static string? NullIfEmpty(string? text) => text is { Length: > 0 } ? text : null;
}
