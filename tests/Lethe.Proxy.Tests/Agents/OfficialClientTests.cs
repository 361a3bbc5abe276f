using System.ClientModel;
using System.Text;
using Anthropic;
using Anthropic.Models.Messages;
using OpenAI;
using OpenAI.Chat;

namespace Lethe.Proxy.Tests.Agents;

/// <summary>The official .NET clients, streaming and not.</summary>
public sealed class OfficialClientTests
{
    private const string Words = "Hello from the script.";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_Anthropic_client_is_on_record(bool stream)
    {
        await using var world = await AgentWorld.StartAsync(_ => new ModelReply.Say(Words));
        var client = new AnthropicClient { ApiKey = "sk-ant-dummy-0000", BaseUrl = world.Anthropic };
        var parameters = new MessageCreateParams { Model = "claude-sonnet-4-5", MaxTokens = 64, Messages = [new(new UserMessageParam { Content = "say hello" }, null)] };

        if (stream)
        {
            await foreach (var _ in client.Messages.CreateStreaming(parameters))
            {
            }
        }
        else
        {
            await client.Messages.Create(parameters);
        }

        var record = Assert.Single((await world.RecordedAsync()).Records);
        Assert.Equal((Words, stream, "messages"), (record.Text("reply", "text"), record.At("stream")!.Value.GetBoolean(), record.Text("endpoint")));
        Assert.StartsWith("sdk:anthropic", record.Text("harness", "id"), StringComparison.Ordinal);
        Assert.Equal("synthetic", record.Text("session", "id_origin"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_OpenAI_client_is_on_record(bool stream)
    {
        await using var world = await AgentWorld.StartAsync(_ => new ModelReply.Say(Words));
        var client = new ChatClient("gpt-5.5", new ApiKeyCredential("sk-dummy-0000"), new OpenAIClientOptions { Endpoint = new Uri(world.OpenAI) });

        var heard = new StringBuilder();
        if (stream)
        {
            await foreach (var update in client.CompleteChatStreamingAsync("say hello"))
            {
                heard.AppendJoin("", update.ContentUpdate.Select(part => part.Text));
            }
        }
        else
        {
            heard.Append((await client.CompleteChatAsync("say hello")).Value.Content[0].Text);
        }

        Assert.Equal(Words, heard.ToString());
        var record = Assert.Single((await world.RecordedAsync()).Records);
        Assert.Equal((Words, stream, "chat_completions"), (record.Text("reply", "text"), record.At("stream")!.Value.GetBoolean(), record.Text("endpoint")));
        Assert.Equal((12, 2, 4), (record.Number("usage", "input_tokens"), record.Number("usage", "cache_read_tokens"), record.Number("usage", "output_tokens")));
        Assert.StartsWith("sdk:openai", record.Text("harness", "id"), StringComparison.Ordinal);
    }
}
