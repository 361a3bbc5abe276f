using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lethe.Capture;

namespace Lethe.Ingest.Meaning;

/// <summary>
/// Work that an agent gives to one below it by a tool, where the one below says nothing of who sent it but the words that it was given, which open its conversation. Kept with
/// the answers under the words' hash, for the session that gave them last before they were taken up; a session that takes up what nobody is known to have given waits for
/// the call that did.
/// </summary>
internal static class Delegations
{
    /// <summary>What tells the parent of such a session.</summary>
    public const string Evidence = "inference:invoke_agent";

    /// <summary>Where the evidence for a parent stands among an exchange's.</summary>
    public const string EvidenceOfParent = "parent_harness_session_id";

    /// <summary>How their ids begin among those of answers; a vendor's have no blank.</summary>
    public const string Prefix = "delegation of ";

    // Arguments are JSON, of any depth that a call can have.
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 512 };

    private const string Harness = "gemini-cli";
    private const string Tool = "invoke_agent";

    /// <summary>The ids of what a reply gives to others.</summary>
    public static IEnumerable<string> Given(InterpretedExchange told)
    {
        foreach (var call in told is { Envelope.HarnessId: Harness, Turn: { } turn } ? turn.ToolCalls : [])
        {
            if (call.Name == Tool && Words(call.ArgumentsJson) is { Length: > 0 } words)
            {
                yield return IdOf(words);
            }
        }
    }

    /// <summary>The id of what a conversation may have been given; null where it cannot have been.</summary>
    public static string? Taken(InterpretedExchange told) =>
        told is { Envelope: { HarnessId: Harness, ParentHarnessSessionId: null, RequestKind: null or "main" or "sub_agent" }, Turn.Prompt: [{ Role: "user" } first, ..] }
        && first.Blocks is [{ Type: "text", Text: { Length: > 0 } words }]
            ? IdOf(words)
            : null;

    /// <summary>The exchange with the parent that gave its conversation; as it is where nobody did. A session that has a parent keeps it.</summary>
    public static InterpretedExchange Told(WorkingSet set, InterpretedExchange told, SessionKey? own)
    {
        if (own is not { } key || Taken(told) is not { } id || set.Answers.GetValueOrDefault((told.Exchange.OrgId, id))?.Session is not { } giver)
        {
            return told;
        }

        var parent = set.Find(key)?.Claimed ?? (set.Session(giver).Key is var above ? new ClaimedKey(above.HarnessId, above.HarnessSessionId) : default);
        return parent.HarnessSessionId == key.HarnessSessionId ? told : told with
        {
            Envelope = told.Envelope with
            {
                ParentHarnessId = parent.HarnessId,
                ParentHarnessSessionId = parent.HarnessSessionId,
                Evidence = new Dictionary<string, string>(told.Envelope.Evidence) { [EvidenceOfParent] = Evidence },
            },
        };
    }

    /// <summary>Remembers what an exchange of this session gives to others, and what it may have been given by one that is not known yet.</summary>
    public static void Keep(WorkingSet set, InterpretedExchange told, SessionState own, CaptureClock clock)
    {
        var org = told.Exchange.OrgId;
        if (Taken(told) is { } taken && set.Answers[(org, taken)] is { IsMade: false } awaited && !(awaited.FirstHeard <= clock))
        {
            awaited.FirstHeard = clock;
            awaited.Changed = true;
        }

        foreach (var id in Given(told))
        {
            var kept = set.Answers[(org, id)];
            if (Waiting(set, kept, own, clock) is { } child)
            {
                ParentLinks.Claim(set, child, new ClaimedKey(own.Key.HarnessId, own.Key.HarnessSessionId), kept.FirstHeard!.Value);
            }

            (kept.Session, kept.FirstHeard, kept.Changed) = (own.Id, null, true);
        }
    }

    /// <summary>The session that took up what is given only now, and was heard of first; null where none waits.</summary>
    public static SessionState? Waiting(WorkingSet set, AnswerState given, SessionState? own, CaptureClock clock) =>
        given.FirstHeard is { } taken && clock < taken && set.Attempts.GetValueOrDefault(taken)?.OwnSession is { } id && set.Find(id) is { Claims.Count: 0 } child && child != own
            ? child
            : null;

    private static string? Words(string argumentsJson)
    {
        using var arguments = JsonDocument.Parse(argumentsJson, Deep);
        return arguments.RootElement.ValueKind == JsonValueKind.Object && arguments.RootElement.TryGetProperty("prompt", out var prompt) && prompt.ValueKind == JsonValueKind.String
            ? prompt.GetString()
            : null;
    }

    private static string IdOf(string words) => Prefix + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(words)).AsSpan(..16));
}
