using System.Text.Json;
using System.Text.Json.Nodes;
using Lethe.Proxy.Tests.Hosting;

namespace Lethe.Proxy.Tests.IngestApi;

public sealed class ParentTests
{
    /// <summary>A parent under <c>cursor</c>, a child of it under <c>claude</c>, and a grandchild that names no harness, however they arrive.</summary>
    [Theory]
    [InlineData(0, 1, 2)]
    [InlineData(0, 2, 1)]
    [InlineData(1, 0, 2)]
    [InlineData(1, 2, 0)]
    [InlineData(2, 0, 1)]
    [InlineData(2, 1, 0)]
    public async Task A_child_finds_its_parent_under_another_harness_in_any_order(params int[] order)
    {
        await using var lethe = await LetheUnderTest.StartAsync();
        var producer = new Producer(lethe);
        JsonObject[] payloads =
        [
            Named("p", "cursor", null, null),
            Named("c", "claude", "p", "cursor"),
            Named("g", "codex", "c", null),
        ];
        foreach (var i in order)
        {
            var (_, result) = await producer.SendAsync(payloads[i]);
            Assert.Equal("accepted", result.GetProperty("status").GetString());
        }

        var exchanges = (await producer.GetAsync("/v1/exchanges")).GetProperty("items").EnumerateArray().ToDictionary(one => Text(one.GetProperty("session"), "harness_session_id")!);
        var (parent, child, grandchild) = (exchanges["p"].GetProperty("session"), exchanges["c"].GetProperty("session"), exchanges["g"].GetProperty("session"));
        Assert.Equal(JsonValueKind.Null, parent.GetProperty("parent").ValueKind);
        Assert.Equal((Text(parent, "id"), "explicit"), (Text(child.GetProperty("parent"), "session_id"), Text(child.GetProperty("parent"), "resolution")));
        Assert.Equal((Text(child, "id"), "unique_other"), (Text(grandchild.GetProperty("parent"), "session_id"), Text(grandchild.GetProperty("parent"), "resolution")));
        Assert.Equal(3, (await producer.GetAsync("/v1/sessions")).GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task A_session_that_names_itself_and_a_cycle_are_refused_and_their_turns_stored()
    {
        await using var lethe = await LetheUnderTest.StartAsync();
        var producer = new Producer(lethe);
        foreach (var payload in (JsonObject[])[Named("self", "claude", "self", "claude"), Named("lone", "claude", "lone", null), Named("a", "claude", "b", "cursor"), Named("b", "cursor", "a", "claude")])
        {
            var (_, result) = await producer.SendAsync(payload);
            Assert.Equal("accepted", result.GetProperty("status").GetString());
        }

        var resolutions = (await producer.GetAsync("/v1/exchanges")).GetProperty("items").EnumerateArray().Select(one => one.GetProperty("session"))
            .ToDictionary(session => Text(session, "harness_session_id")!, session => Text(session.GetProperty("parent"), "resolution"));
        Assert.Equal("refused", resolutions["self"]);
        Assert.Equal("refused", resolutions["lone"]);
        Assert.Single(new[] { resolutions["a"], resolutions["b"] }, "refused");
    }

    private static JsonObject Named(string session, string harness, string? parent, string? parentHarness) => Producer.Payload(session, "of " + session, session, harness, payload =>
    {
        var block = payload["session"]!.AsObject();
        if (parent is not null)
        {
            block["parent_harness_session_id"] = parent;
        }

        if (parentHarness is not null)
        {
            block["parent_harness_id"] = parentHarness;
        }
    });

    private static string? Text(JsonElement holder, string name) => holder.GetProperty(name).GetString();
}
