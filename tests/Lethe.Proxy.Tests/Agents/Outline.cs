using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Lethe.Proxy.Tests.Agents;

/// <summary>
/// What two runs of the same script have in common, whichever door they went through: each record with every field, but that sessions are named by
/// their place in the tree, and what is new in each run (ids, clock, door, and prompts that tell a temporary directory) is left out.
/// </summary>
internal static partial class Outline
{
    // The upstream's name is what the forwarding door's own path prefix says; behind Envoy there is none.
    private static readonly string[] New = ["door", "capture_mode", "exchange_id", "commit_key", "captured_at", "timing", "upstream"];

    public static IEnumerable<string> Of(Conversation conversation) => conversation.Records.Select(record => Of(record, conversation.Parents)).Order(StringComparer.Ordinal);

    /// <summary>The same of <c>lethe sessions --json</c>: places, harness and every counter.</summary>
    public static IEnumerable<string> OfSessions(string json, Conversation conversation) =>
        JsonNode.Parse(json)!.AsArray().Select(session => OfSession(session!.AsObject(), conversation.Parents)).Order(StringComparer.Ordinal);

    private static string OfSession(JsonObject session, Dictionary<string, string> parents)
    {
        var outline = session.DeepClone().AsObject();
        foreach (var name in new[] { "session_id", "first_seen_at", "last_seen_at", "started_at", "ended_at" })
        {
            Assert.True(outline.Remove(name), $"the session has no {name}");
        }

        Assert.True(outline["tree"]!.AsObject().Remove("last_seen_at"));
        foreach (var name in new[] { "parent_session_id", "cwd", "metadata" })
        {
            outline[name] = outline[name] is null ? null : "some";
        }

        outline["harness_session_id"] = Place((string)session["harness_session_id"]!, parents);
        if (outline["parent"] is JsonObject parent)
        {
            parent.Remove("session_id");
            parent["harness_session_id"] = Place((string)parent["harness_session_id"]!, parents);
        }

        return outline.ToJsonString();
    }

    private static string Of(JsonElement record, Dictionary<string, string> parents)
    {
        var outline = JsonNode.Parse(record.GetRawText())!.AsObject();
        foreach (var name in New)
        {
            Assert.True(outline.Remove(name), $"the record has no {name}");
        }

        foreach (var name in (string[])["prompt_id", "previous_response_id"])
        {
            outline[name] = outline[name] is null ? null : "some";
        }

        var session = outline["session"]!.AsObject();
        session.Remove("id");
        session["harness_session_id"] = Place(record.Text("session", "harness_session_id")!, parents);
        session["thread_id"] = session["thread_id"] is null ? null : "some";
        if (session["parent"] is JsonObject parent)
        {
            Assert.True(parent.Remove("session_id"));
            parent["harness_session_id"] = Place(record.Text("session", "parent", "harness_session_id")!, parents);
        }

        // Envoy does not wait for whom it only shows its calls to: on a busy machine two streams may be heard in another order than they began.
        outline["turn"]!["seq"] = record.Number("turn", "seq") is null ? null : "some";
        outline["turn"]!["retry_of"] = record.Text("turn", "retry_of") is null ? null : "some";
        foreach (var hash in new[] { "root", "leaf", "system", "tools" })
        {
            outline["chain"]![hash] = record.Text("chain", hash) is null ? null : "some";
        }

        if (record.Text("harness", "id") == "codex")
        {
            // It tells a thread of its child's end whenever that comes, with this call or the next one.
            outline["chain"]!["length"] = "some";
        }

        if (outline["cache"] is JsonObject cache)
        {
            cache["compared_with"] = cache["compared_with"] is null ? null : "some";
        }

        foreach (var result in outline["tool_results"] as JsonArray ?? [])
        {
            result!["latency_ms"] = result["latency_ms"] is null ? null : "some";
        }

        foreach (var body in new[] { "request", "response" })
        {
            outline[body]!.AsObject().Remove("sha256");
        }

        outline["request"]!.AsObject().Remove("bytes");
        return NumberedByCall().Replace(outline.ToJsonString(), "$1_#");
    }

    private static string Place(string session, Dictionary<string, string> parents) =>
        parents.TryGetValue(session, out var parent) ? Place(parent, parents) + "/child" : "root";

    [GeneratedRegex(@"\b(msg|resp|item|toolu|call|req_scripted)_\d+")]
    private static partial Regex NumberedByCall();
}
