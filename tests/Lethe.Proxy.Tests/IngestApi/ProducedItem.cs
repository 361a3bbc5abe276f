using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;

namespace Lethe.Proxy.Tests.IngestApi;

/// <summary>
/// One thing that a producer hands in, out of a small alphabet, so that everything collides: times, sessions, parents across harnesses, circles, words, tool calls.
/// Each keeps its key; an event's is its turn id.
/// </summary>
internal sealed record ProducedItem(string Key, string Json, bool IsEvent)
{
    private static readonly string?[] Sessions = [null, "s", "t", "u", "s", "t"];
    private static readonly string[] Harnesses = ["claude", "cursor", "codex"];
    private static readonly string?[] Parents = [null, null, "s", "t", "u", "v"];
    private static readonly string?[] ParentHarnesses = [null, null, "claude", "cursor", "codex"];
    private static readonly string?[] Names = [null, "one", "two"];

    /// <summary>Up to sixteen of them, and a seed for the order in which they come.</summary>
    public static Arbitrary<(int[] Seeds, int Order)> Workloads { get; } = Arb.From(
        Gen.Choose(0, 1_000_000)
            .ListOf()
            .Select(seeds => seeds.Take(16).ToArray())
            .SelectMany(seeds => Gen.Choose(0, 1_000_000).Select(order => (seeds, order))),
        workload => workload.Item1.Select((_, i) => ((int[])[.. workload.Item1[..i], .. workload.Item1[(i + 1)..]], workload.Item2)));

    /// <param name="words">What this organisation's words begin with, so that no other says the same.</param>
    public static ProducedItem[] Tell(int[] seeds, string words) => [.. seeds.Select((seed, i) => seed % 3 == 0 ? Event(i, seed, words) : Payload(i, seed, words))];

    /// <summary>The same in another order, some of them twice or thrice.</summary>
    public static ProducedItem[] Shuffle(ProducedItem[] items, int order)
    {
        var random = new Random(order);
        var all = items.Concat(items.Where(_ => random.Next(3) == 0)).Concat(items.Where(_ => random.Next(6) == 0)).ToArray();
        random.Shuffle(all);
        return all;
    }

    /// <summary>Something else under the same key.</summary>
    public JsonObject Forged()
    {
        var payload = JsonNode.Parse(Json)!.AsObject();
        payload["request"]!["messages"]!.AsArray().Add(new JsonObject { ["role"] = "user", ["content"] = "forged" });
        return payload;
    }

    private static ProducedItem Event(int number, int seed, string words)
    {
        var random = new Random(seed);
        var turn = new JsonObject
        {
            ["tool"] = "claude-code",
            ["host"] = "box-1",
            ["session_id"] = Any(random, ["e", "f"]),
            ["turn_id"] = $"t{number}",
            ["role"] = Any(random, ["user", "assistant", "tool", "system"]),
            ["timestamp"] = 1_764_230_400 + random.Next(4),
            ["content"] = words + Any(random, ["p", "q"]),
            ["seq"] = number,
        };
        if (random.Next(2) == 0)
        {
            (turn["tokens_in"], turn["tokens_out"], turn["cost_usd"], turn["model"]) = (random.Next(100), random.Next(100), 0.25m, "claude-sonnet-4-5");
        }

        if (random.Next(3) == 0)
        {
            turn["tool_calls"] = new JsonArray(new JsonObject { ["id"] = $"c{number}", ["name"] = "Bash", ["input"] = new JsonObject() });
        }

        if (random.Next(2) == 0)
        {
            turn["session_meta"] = new JsonObject { ["working_dir"] = "/" + Any(random, Names), ["started_at"] = 1_764_230_000 + random.Next(3) };
        }

        return new ProducedItem(turn["turn_id"]!.GetValue<string>(), turn.ToJsonString(), IsEvent: true);
    }

    private static ProducedItem Payload(int number, int seed, string words)
    {
        var random = new Random(seed);
        var request = new JsonObject
        {
            ["model"] = "claude-sonnet-4-5",
            ["system"] = words + "system",
            ["messages"] = new JsonArray([.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => new JsonObject { ["role"] = "user", ["content"] = words + Any(random, ["p", "q", "r"]) })]),
        };
        var key = $"k{number}";
        var meta = new JsonObject { ["ts_request"] = DateTimeOffset.FromUnixTimeSeconds(1_764_230_400 + random.Next(4)).ToString("O", CultureInfo.InvariantCulture) };
        var payload = new JsonObject { ["provider"] = "anthropic", ["request"] = request, ["session"] = Session(random), ["meta"] = meta };
        if (random.Next(2) == 0)
        {
            payload["commit_key"] = key;
        }
        else
        {
            meta["request_id"] = key;
        }

        Answer(random, payload, meta, number, words);
        return new ProducedItem(key, payload.ToJsonString(), IsEvent: false);
    }

    private static JsonObject Session(Random random)
    {
        var session = new JsonObject { ["harness_id"] = Any(random, Harnesses), ["name"] = Any(random, Names), ["cwd"] = Any(random, Names) };
        if (Any(random, Sessions) is not { } id)
        {
            return session;
        }

        session["harness_session_id"] = id;
        if (Any(random, Parents) is { } parent)
        {
            (session["parent_harness_session_id"], session["parent_harness_id"]) = (parent, Any(random, ParentHarnesses));
        }

        if (random.Next(3) == 0)
        {
            session["harness_metadata"] = new JsonObject { [Any(random, ["k", "l"])] = random.Next(3) };
        }

        return session;
    }

    // Reduced, as it came, or none: a failure.
    private static void Answer(Random random, JsonObject payload, JsonObject meta, int number, string words)
    {
        var text = new JsonObject { ["type"] = "text", ["text"] = words + Any(random, ["x", "y"]) };
        var call = random.Next(3) == 0;
        var isTold = random.Next(3) > 0;
        switch (random.Next(4))
        {
            case 0:
                meta["upstream_status"] = 529;
                break;
            case 1:
                var blocks = new JsonArray(text);
                if (call)
                {
                    blocks.Add(new JsonObject { ["type"] = "tool_use", ["tool_use_id"] = $"c{number}", ["tool_name"] = "Bash", ["tool_input"] = new JsonObject() });
                }

                payload["response"] = new JsonObject
                {
                    ["model"] = "claude-sonnet-4-5",
                    ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = blocks },
                    ["stop_reason"] = "end_turn",
                    ["usage"] = isTold ? new JsonObject { ["prompt_tokens"] = 12, ["completion_tokens"] = 8, ["cache_read_input_tokens"] = 10 } : null,
                };
                break;
            default:
                var raw = new JsonObject
                {
                    ["id"] = $"msg_{number}",
                    ["type"] = "message",
                    ["role"] = "assistant",
                    ["model"] = "claude-sonnet-4-5",
                    ["content"] = new JsonArray(text),
                    ["stop_reason"] = "end_turn",
                    ["usage"] = isTold ? new JsonObject { ["input_tokens"] = 3, ["output_tokens"] = 4, ["cache_creation_input_tokens"] = 5 } : null,
                };
                (payload["raw_response"], payload["raw_response_encoding"]) = call ? (Coded(raw), "gzip") : (Convert.ToBase64String(Encoding.UTF8.GetBytes(raw.ToJsonString())), null);
                break;
        }
    }

    private static string Coded(JsonObject raw)
    {
        using var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(raw.ToJsonString()));
        }

        return Convert.ToBase64String(output.ToArray());
    }

    private static T Any<T>(Random random, T[] choices) => choices[random.Next(choices.Length)];
}
