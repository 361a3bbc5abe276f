using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Repeats;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Ollama;

/// <summary>What a request asks. A chat's system messages are ordinary elements of the conversation; generate has a system prompt beside its one text.</summary>
internal static class OllamaRequest
{
    public static Turn ReadChat(Turn turn, JsonElement body, ReadOnlyMemory<byte> source, RepeatMemo? memo)
    {
        List<Message> prompt = [];
        foreach (var message in body.Items("messages"u8))
        {
            prompt.Add(OllamaContent.ReadMessage(message, message.Slice(source)));
        }

        var tools = ContentJson.Write(body.Member("tools"u8), source, memo);
        return turn with { Prompt = prompt, Tools = tools?.Json, ToolsSha256 = tools?.Sha256 };
    }

    public static Turn ReadGenerate(Turn turn, JsonElement body, ReadOnlyMemory<byte> source, RepeatMemo? memo)
    {
        List<Block> blocks = [];
        var prompt = body.Member("prompt"u8);
        if (prompt.Text() is { Length: > 0 } text)
        {
            blocks.Add(new Block { Type = "text", Text = text });
        }

        OllamaContent.AddImages(blocks, body);
        var system = ContentJson.Write(body.Member("system"u8), source, memo);
        return turn with
        {
            // A request without a prompt loads the model, and says nothing.
            Prompt = blocks.Count == 0 || prompt is not { } said ? [] : [new Message("user", blocks, said.Slice(source))],
            System = system?.Json,
            SystemSha256 = system?.Sha256,
        };
    }
}
