using System.Text;
using Lethe.Capture.Chains;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Chains;

/// <summary>Addresses that the tapes project gives to the same messages.</summary>
public sealed class GoldenNodeTests
{
    private const string EmptyRoot = "613442d3481093478e32aaab30668596b839c250a01a4f5584bdd3cddb9d84c0";

    [Fact]
    public void A_prompt_and_its_reply_have_the_known_addresses() => AssertChain(
        [Text("user", "happy path"), Text("assistant", "ok: happy path")],
        "aceb0ccf6999d03ecf6fb665af691eb2b711806d7ca727950020d715ec34b6da",
        "105dee421b5d67a6dfa007038e79442cacfa673170ae0907193315b4e0bc0304");

    [Fact]
    public void A_system_message_in_the_prompt_is_the_root() => AssertChain(
        [Text("system", "you are helpful"), Text("user", "ping"), Text("assistant", "pong")],
        "b58e4092e93948e37df9ef8b34611079f8e6b9b9634c918e26a9ca7c4f717805",
        "0709995c4a700f05d8b9bdb8db9fc3e9704821365ae12094f16e498fbd4e1cef",
        "796f111ff082fc70e52dc1f8879a9f3bb4d2cf62f23e2ed21b65711e30de77db");

    [Fact]
    public void One_word_has_the_known_address() =>
        AssertChain([Text("user", "Woof.")], "3e92ca4cedf4d8ed108be4398a49fcfc5a4aa42f93a460e58d2f3241020cb166");

    [Fact]
    public void Defaults_in_a_tool_input_do_not_count()
    {
        var use = new Block
        {
            Type = "tool_use",
            ToolUseId = "toolu_1",
            ToolName = "Edit",
            ToolInputJson = """{"file_path":"/a","replace_all":false,"n":0,"s":"","o":{}}""",
        };
        AssertChain([Of("assistant", use)], "8f7847bfc7ee464a9d0e5b7347912b80104892ae2e367d95b03ad8f1cf05eb70");
    }

    [Theory]
    [InlineData(1, "64f8c34fa7144124340143b33272b5a4e60c7082a0973ce8fb4f2734358e0325")]
    [InlineData(2, "1cbadad4bb950594960b9f8a4b8a71dbe1dfc9c069eef394c5e66590e681c770")]
    public void A_tool_result_is_projected_from_the_second_version_on(int version, string expected)
    {
        var result = new Block
        {
            Type = "tool_result",
            ToolResultId = "toolu_1",
            ToolOutput = "<system-reminder>x</system-reminder>done\r\n\r\nok",
            IsError = true,
        };
        AssertChain([Of("user", result)], version == 1 ? Projection.V1 : Projection.V2, expected);
    }

    [Fact]
    public void The_signature_of_a_thought_does_not_count()
    {
        var thought = new Block { Type = "thinking", Thinking = "hmm", ThinkingSignature = "sig" };
        AssertChain(
            [Of("assistant", thought, new Block { Type = "text", Text = "hi" })],
            "d50cc4b779b99406e41d639bf18c701c481cae8fc553afadcb4a20ffaa521295");
    }

    [Fact]
    public void Letters_of_all_scripts_stand_for_themselves() =>
        AssertChain([Text("user", "naïve – 松本 😀 <b>&")], "9d8c568f5f860fc801eb83538bd96e303da34cbf39c4d4e2d5bd98da4a3b062a");

    [Theory]
    [InlineData("<system-reminder>the clock says noon</system-reminder>")]
    [InlineData("<system-reminder>never closed")]
    [InlineData("<command-name>/clear</command-name>\n<local-command-stdout></local-command-stdout>\n")]
    public void A_message_of_nothing_but_harness_tags_is_empty(string text) => AssertChain([Text("user", text)], EmptyRoot);

    [Fact]
    public void The_pre_image_is_what_the_rule_says()
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        Assert.True(NodePreimage.TryWrite(Text("user", "happy path"), null, Projection.V1, output));
        Assert.Equal(
            """{"content":{"content":[{"is_error":false,"text":"happy path","type":"text"}],"role":"user","type":"message"},"parent":""}""",
            Encoding.UTF8.GetString(output.WrittenSpan));
    }

    private static Message Text(string role, string text) => Of(role, new Block { Type = "text", Text = text });

    private static Message Of(string role, params Block[] blocks) => new(role, blocks, default);

    private static void AssertChain(Message[] messages, params string[] expected) => AssertChain(messages, Projection.Current, expected);

    private static void AssertChain(Message[] messages, Projection projection, params string[] expected)
    {
        var turn = new Turn { Provider = "anthropic", Endpoint = "messages", Operation = Operation.Chat, Prompt = messages };
        var chain = ChainBuilder.Build(turn, projection)!;
        Assert.Equal(expected, chain.Nodes.Select(node => node.Hash.ToString()));
        Assert.Equal(expected[..^1].Prepend(null), chain.Nodes.Select(node => node.Parent?.ToString()));
        Assert.Equal(projection.Number, chain.Projection);
    }
}
