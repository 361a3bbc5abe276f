using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lethe.Capture;
using Lethe.Capture.Chains;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Harnesses;
using Lethe.Capture.Prices;
using Lethe.Capture.Turns;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Tests.Storage;

/// <summary>An exchange as a test tells it, without the wire: a few words in, a whole delivery out.</summary>
internal sealed record Told
{
    /// <summary>Words in whose place a message has a picture.</summary>
    public const string Picture = "(a picture)";

    public static readonly DateTimeOffset Epoch = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public required int Number { get; init; }

    /// <summary>Capture time in seconds after <see cref="Epoch"/>.</summary>
    public double At { get; init; }

    public string Org { get; init; } = Organisation.None;

    public string Harness { get; init; } = "claude-code";

    public string? Session { get; init; } = "s";

    public string? ParentHarness { get; init; }

    public string? Parent { get; init; }

    public string? Name { get; init; }

    public string? Cwd { get; init; }

    public string? Subject { get; init; }

    public string? Metadata { get; init; }

    public string? RetryKey { get; init; }

    /// <summary>What was said, oldest first; the assistant's words begin with <c>"> "</c>. <c>=c</c> is a message with the answer of the tool call <c>c</c>, <c>!c</c> one with its failure.</summary>
    public string[] Prompt { get; init; } = ["hi"];

    public string? Reply { get; init; } = "hello";

    public Outcome Outcome { get; init; } = Outcome.Completed;

    public long? Input { get; init; } = 10;

    public long? CacheRead { get; init; } = 100;

    public long? CacheWrite { get; init; }

    public long? CacheWrite1h { get; init; }

    public long? Output { get; init; } = 3;

    public long? Cost { get; init; } = 7;

    public string[] Calls { get; init; } = [];

    public string[] Answers { get; init; } = [];

    /// <summary>The command that <see cref="Calls"/> ask for.</summary>
    public string Command { get; init; } = "ls";

    /// <summary>What is given to an agent below this one by a tool; null when nothing is.</summary>
    public string? Delegates { get; init; }

    public bool AnswersFail { get; init; }

    /// <summary>Whether it is told which messages carry the answers.</summary>
    public bool PlacesAreTold { get; init; } = true;

    /// <summary>What the tools gave back.</summary>
    public string ToolOutput { get; init; } = "done";

    public string? ForkedFrom { get; init; }

    public string? CacheMarks { get; init; }

    public long? CacheParameters { get; init; }

    public CacheDiagnosis? CacheDiagnosis { get; init; }

    /// <summary>Results of a batch that it fetched, each of ten tokens in, three out, and a cost of seven.</summary>
    public string[] Results { get; init; } = [];

    public string Model { get; init; } = "m-1";

    public string Provider { get; init; } = "anthropic";

    public string? Thread { get; init; }

    public string? System { get; init; }

    public string Endpoint { get; init; } = "messages";

    public string? ResponseId { get; init; }

    public string? Continues { get; init; }

    public bool IsSynthetic { get; init; }

    /// <summary>The key of a producer at the ingest door; null is a call through a wire door.</summary>
    public string? CommitKey { get; init; }

    /// <summary>True for a call out of somebody else's record.</summary>
    public bool IsImport { get; init; }

    /// <summary>What a client said at a wire door.</summary>
    public string? ClientKey { get; init; }

    /// <summary>Said beside every message, and no part of any address.</summary>
    public string? Reminder { get; init; }

    /// <summary>No call at all, but something that an administrator sets right.</summary>
    public Correction? Correction { get; init; }

    public string? PromptId { get; init; }

    public string? RequestKind { get; init; }

    public string? Tools { get; init; }

    /// <summary>The system prompt as JSON, in the place of <see cref="System"/>.</summary>
    public string? SystemJson { get; init; }

    /// <summary>The tools as JSON, in the place of <see cref="Tools"/>.</summary>
    public string? ToolsJson { get; init; }

    /// <summary>The upstream's own name of its error.</summary>
    public string? Error { get; init; }

    public long? CostReported { get; init; }

    public bool UsageIsFinal { get; init; } = true;

    public string? UsageReported { get; init; }

    /// <summary>A turn that a producer tells, and may tell anew.</summary>
    public bool IsTurnEvent { get; init; }

    public double? Seconds { get; init; }

    public string Content { get; init; } = "";

    public JournalPosition? BodyAt { get; init; }

    public ExchangeId Id => new(new Guid($"01900000-0000-7000-8000-{Number:x12}"));

    public ExchangeDelivery Delivery() => new(Interpret(), SHA256.HashData(Encoding.UTF8.GetBytes($"{Number} {Content}")), BodyAt);

    public InterpretedExchange Interpret() => Correction is not null
        ? new InterpretedExchange { Exchange = Exchange(), Outcome = Outcome.Completed, Envelope = new SessionEnvelope { HarnessId = SessionEnvelope.UnknownHarness } }
        : InterpretCall();

    private InterpretedExchange InterpretCall() => new()
    {
        Exchange = Exchange(),
        Outcome = Outcome,
        Envelope = new SessionEnvelope
        {
            HarnessId = Harness,
            HarnessVersion = "1.0",
            HarnessSessionId = Session,
            ThreadId = Thread,
            PromptId = PromptId,
            RequestKind = RequestKind,
            ForkedFromHarnessSessionId = ForkedFrom,
            IdOrigin = IsSynthetic ? SessionIdOrigin.Synthetic : SessionIdOrigin.Harness,
            ParentHarnessId = ParentHarness,
            ParentHarnessSessionId = Parent,
            Name = Name,
            Cwd = Cwd,
            MetadataJson = Metadata,
            Evidence = new Dictionary<string, string> { ["harness_id"] = "header:user-agent" },
        },
        Turn = new Turn
        {
            Provider = Provider,
            Endpoint = Endpoint,
            Operation = Endpoint is "responses_get" or "interactions_get" or "batch_results" ? Operation.Other : Operation.Chat,
            ResponseId = ResponseId,
            PreviousResponseId = Continues,
            ModelRequested = "m",
            ModelServed = Reply is null ? null : Model,
            Usage = Results.Length > 0 ? new Usage { Input = 10 * Results.Length, Output = 3 * Results.Length, Final = true }
                : Reply is null ? null : new Usage { Input = Input, CacheRead = CacheRead, CacheWrite5m = CacheWrite, CacheWrite1h = CacheWrite1h, Output = Output, Final = UsageIsFinal, ReportedJson = UsageReported },
            Results = [.. Results.Select(key => new BatchResult("b", key, Model, new Usage { Input = 10, Output = 3, Final = true }) { Cost = new Cost(7, "test 1") })],
            CacheMarks = CacheMarks,
            CacheParameters = CacheParameters,
            CacheDiagnosis = CacheDiagnosis,
            Prompt = [.. Prompt.Select(text => Said(RoleOf(text), WordsOf(text)))],
            Reply = Reply is null ? [] : [Said("assistant", Reply)],
            ReplyText = Reply,
            ToolCalls = Delegates is null
                ? [.. Calls.Select(id => new ToolCall(id, "Bash", JsonSerializer.Serialize(new { command = Command })))]
                : [new ToolCall(null, "invoke_agent", JsonSerializer.Serialize(new { agent_name = "generalist", prompt = Delegates }))],
            ToolResults =
            [
                .. Prompt.Index().Where(said => said.Item[0] is '=' or '!').Select(said => new ToolResult(said.Item[1..], said.Item[0] == '!', ToolOutput) { Message = PlacesAreTold ? said.Index : null }),
                .. Answers.Select(id => new ToolResult(id, AnswersFail, ToolOutput)),
            ],
            System = SystemJson is not null ? Encoding.UTF8.GetBytes(SystemJson) : System is null ? null : JsonSerializer.SerializeToUtf8Bytes(System),
            Tools = ToolsJson is not null ? Encoding.UTF8.GetBytes(ToolsJson) : Tools is null ? null : JsonSerializer.SerializeToUtf8Bytes(Tools),
            Error = Error is null ? null : new ExchangeError("http", Error, null, null),
            ReportedCostNanoUsd = CostReported,
            ReplyComplete = Outcome == Outcome.Completed && Reply is not null,
        },
        Chain = ChainOf(),
        Cost = Results.Length > 0 ? new Cost(7 * Results.Length, "test 1")
            : Reply is not null && Cost is { } cost ? new Cost(cost, "test 1") { Parts = new CostParts(cost / 2, 0, 0, cost - (cost / 2), 0) } : null,
        RetryKey = RetryKey is null ? null : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(RetryKey))),
    };

    public CapturedExchange Exchange() => new()
    {
        Id = Id,
        CommitKey = CommitKey ?? ClientKey ?? Id.ToString(),
        OrgId = Org,
        AuthSubject = Subject,
        Door = CommitKey is null && Kind is null ? Door.Forwarding : Door.Ingest,
        Attributes = Kind is null ? new Dictionary<string, string>() : new Dictionary<string, string> { [ProducedKind.Attribute] = Kind },
        Request = Correction is null ? CapturedBody.Empty : new CapturedBody { Bytes = Correction.ToJson() },
        CapturedAt = Epoch.AddSeconds(At),
        Method = "POST",
        Path = "/v1/messages",
        Upstream = "anthropic",
        Provider = "anthropic",
        Status = Outcome == Outcome.NoResponse ? null : Outcome == Outcome.UpstreamError ? 529 : 200,
        Ending = Ending.Completed,
        Duration = Seconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
    };

    private string? Kind => Correction is not null ? ProducedKind.Correction : IsImport ? ProducedKind.Imported : IsTurnEvent ? ProducedKind.TurnEvent : null;

    private Chain ChainOf()
    {
        var nodes = new List<Node>();
        foreach (var (role, text) in Prompt.Select(text => (RoleOf(text), WordsOf(text))).Concat(Reply is null ? [] : [("assistant", Reply)]))
        {
            var parent = nodes.Count == 0 ? (NodeHash?)null : nodes[^1].Hash;
            var continued = parent is null && Endpoint is not ("responses_get" or "interactions_get") ? Continues : null;
            nodes.Add(new Node(HashOf(parent, role, text + continued), parent, nodes.Count, role, Said(role, text, Reminder).Raw) { Continues = continued });
        }

        return new Chain { Nodes = nodes, PromptLength = Prompt.Length, Projection = 1 };
    }

    private static string RoleOf(string text) => text.StartsWith("> ", StringComparison.Ordinal) ? "assistant" : "user";

    private static string WordsOf(string text) => RoleOf(text) == "assistant" ? text[2..] : text;

    private static NodeHash HashOf(NodeHash? parent, string role, string text) =>
        new(SHA256.HashData(Encoding.UTF8.GetBytes($"{parent} {role} {text}")));

    private static Message Said(string role, string text, string? reminder = null) => new(
        role,
        [new Block { Type = "text", Text = text }],
        text == Picture ? JsonSerializer.SerializeToUtf8Bytes(new { role, content = new[] { new { type = "image", source = new { type = "base64", data = "AA==" } } } })
            : reminder is null
            ? JsonSerializer.SerializeToUtf8Bytes(new { role, content = text })
            : JsonSerializer.SerializeToUtf8Bytes(new { role, content = text, reminder }));
}
