using System.Text.Json;

namespace Lethe.Proxy.Tests.Agents;

/// <summary>How a reply is put on the wire, as server-sent events and whole.</summary>
internal abstract class Dialect
{
    public static readonly Dialect Anthropic = new AnthropicMessages();
    public static readonly Dialect Responses = new OpenAIResponses();
    public static readonly Dialect Chat = new OpenAIChat();
    public static readonly Dialect Gemini = new GeminiContent();

    public abstract IEnumerable<string> Stream(ModelCall call, ModelReply reply);

    public abstract string Whole(ModelCall call, ModelReply reply);

    protected static string Named(string type, object data) => $"event: {type}\ndata: {JsonSerializer.Serialize(data)}\n\n";

    protected static string Model(ModelCall call) => call.Body.GetProperty("model").GetString()!;

    private protected static IEnumerable<string> Pieces(string text, int length) => text.Chunk(length).Select(piece => new string(piece));

    private sealed class AnthropicMessages : Dialect
    {
        private static readonly object Usage = new { input_tokens = 10, cache_creation_input_tokens = 4, cache_read_input_tokens = 6, output_tokens = 5 };

        public override IEnumerable<string> Stream(ModelCall call, ModelReply reply)
        {
            object start = reply.Usage is { } told
                ? new { input_tokens = told.Fresh, cache_creation_input_tokens = told.Written, cache_read_input_tokens = told.Read, output_tokens = 1, cache_creation = new { ephemeral_5m_input_tokens = 0, ephemeral_1h_input_tokens = told.Written } }
                : new { input_tokens = 10, cache_creation_input_tokens = 4, cache_read_input_tokens = 6, output_tokens = 1 };
            yield return Named("message_start", new { type = "message_start", message = new { id = $"msg_{call.Number}", type = "message", role = "assistant", model = Model(call), content = Array.Empty<object>(), stop_reason = (string?)null, usage = start } });
            yield return Named("ping", new { type = "ping" });
            var index = 0;
            foreach (var block in Blocks(call, reply))
            {
                foreach (var sent in Block(block, index))
                {
                    yield return sent;
                }

                yield return Named("content_block_stop", new { type = "content_block_stop", index });
                index++;
            }

            yield return Named("message_delta", new { type = "message_delta", delta = new { stop_reason = Stop(reply), stop_sequence = (string?)null }, usage = new { output_tokens = reply.Usage?.Output ?? 5 } });
            yield return Named("message_stop", new { type = "message_stop" });
        }

        public override string Whole(ModelCall call, ModelReply reply) =>
            JsonSerializer.Serialize(new { id = $"msg_{call.Number}", type = "message", role = "assistant", model = Model(call), content = Blocks(call, reply).Select(Whole), stop_reason = Stop(reply), stop_sequence = (string?)null, usage = Usage });

        private static string Stop(ModelReply reply) => reply is ModelReply.UseTools ? "tool_use" : "end_turn";

        private static IEnumerable<(string Id, string? Text, string Name, object? Input)> Blocks(ModelCall call, ModelReply reply) => reply switch
        {
            ModelReply.UseTools tools => tools.Tools.Select((tool, at) => ($"toolu_{call.Number}_{at}", (string?)null, tool.Name, (object?)tool.Input)),
            ModelReply.Say say => [("", say.Text, "", null)],
            _ => [("", "never said", "", null)],
        };

        private static object Whole((string Id, string? Text, string Name, object? Input) block) => block.Text is { } text
            ? new { type = "text", text }
            : new { type = "tool_use", id = block.Id, name = block.Name, input = block.Input };

        private static IEnumerable<string> Block((string Id, string? Text, string Name, object? Input) block, int index)
        {
            if (block.Text is { } text)
            {
                yield return Named("content_block_start", new { type = "content_block_start", index, content_block = new { type = "text", text = "" } });
                foreach (var piece in Pieces(text, 6))
                {
                    yield return Named("content_block_delta", new { type = "content_block_delta", index, delta = new { type = "text_delta", text = piece } });
                }

                yield break;
            }

            yield return Named("content_block_start", new { type = "content_block_start", index, content_block = new { type = "tool_use", id = block.Id, name = block.Name, input = new { } } });
            foreach (var piece in Pieces(JsonSerializer.Serialize(block.Input), 20))
            {
                yield return Named("content_block_delta", new { type = "content_block_delta", index, delta = new { type = "input_json_delta", partial_json = piece } });
            }
        }
    }

    private sealed class OpenAIResponses : Dialect
    {
        public override IEnumerable<string> Stream(ModelCall call, ModelReply reply)
        {
            var sequence = 0;
            var open = new { id = $"resp_{call.Number}", @object = "response", created_at = 1_800_000_000, status = "in_progress", model = Model(call), output = Array.Empty<object>() };
            yield return Named("response.created", new { type = "response.created", sequence_number = sequence++, response = open });
            yield return Named("response.in_progress", new { type = "response.in_progress", sequence_number = sequence++, response = open });
            var index = 0;
            foreach (var item in Items(call, reply))
            {
                yield return Named("response.output_item.added", new { type = "response.output_item.added", sequence_number = sequence++, output_index = index, item });
                if (reply is ModelReply.Say say)
                {
                    foreach (var piece in Pieces(say.Text, 6))
                    {
                        yield return Named("response.output_text.delta", new { type = "response.output_text.delta", sequence_number = sequence++, item_id = $"item_{call.Number}_{index}", output_index = index, content_index = 0, delta = piece });
                    }
                }

                yield return Named("response.output_item.done", new { type = "response.output_item.done", sequence_number = sequence++, output_index = index, item });
                index++;
            }

            yield return $"event: response.completed\ndata: {{\"type\":\"response.completed\",\"sequence_number\":{sequence},\"response\":{Whole(call, reply)}}}\n\n";
        }

        public override string Whole(ModelCall call, ModelReply reply) => JsonSerializer.Serialize(new
        {
            id = $"resp_{call.Number}",
            @object = "response",
            created_at = 1_800_000_000,
            status = "completed",
            model = Model(call),
            output = Items(call, reply),
            parallel_tool_calls = true,
            tool_choice = "auto",
            tools = Array.Empty<object>(),
            usage = new { input_tokens = 20, input_tokens_details = new { cached_tokens = 8 }, output_tokens = 7, output_tokens_details = new { reasoning_tokens = 2 }, total_tokens = 27 },
        });

        private static object[] Items(ModelCall call, ModelReply reply) => reply switch
        {
            ModelReply.UseTools tools => [.. tools.Tools.Select((tool, at) => FunctionCall(call, tool, at))],
            _ => [new { type = "message", role = "assistant", id = $"item_{call.Number}_0", status = "completed", content = new[] { new { type = "output_text", text = reply is ModelReply.Say say ? say.Text : "", annotations = Array.Empty<object>() } } }],
        };

        private static object FunctionCall(ModelCall call, (string Name, object Input) tool, int at)
        {
            var parts = tool.Name.Split('/');
            var (id, callId, arguments) = ($"item_{call.Number}_{at}", $"call_{call.Number}_{at}", JsonSerializer.Serialize(tool.Input));
            return parts.Length == 1
                ? new { type = "function_call", id, call_id = callId, name = parts[0], arguments, status = "completed" }
                : new { type = "function_call", id, call_id = callId, @namespace = parts[0], name = parts[1], arguments, status = "completed" };
        }
    }

    private sealed class GeminiContent : Dialect
    {
        public override IEnumerable<string> Stream(ModelCall call, ModelReply reply)
        {
            if (reply is ModelReply.Say say)
            {
                foreach (var piece in Pieces(say.Text, 6))
                {
                    yield return $"data: {Response(call, [new { text = piece }], finish: null)}\r\n\r\n";
                }

                yield return $"data: {Response(call, [new { text = "" }], "STOP")}\r\n\r\n";
                yield break;
            }

            yield return $"data: {Whole(call, reply)}\r\n\r\n";
        }

        public override string Whole(ModelCall call, ModelReply reply) => Response(call, Parts(call, reply), "STOP");

        private static object[] Parts(ModelCall call, ModelReply reply) => reply is ModelReply.UseTools tools
            ? [.. tools.Tools.Select((tool, at) => new { functionCall = new { id = $"call_{call.Number}_{at}", name = tool.Name, args = tool.Input } })]
            : [new { text = reply is ModelReply.Say say ? say.Text : "never said" }];

        private static string Response(ModelCall call, object[] parts, string? finish) => JsonSerializer.Serialize(new
        {
            candidates = new[] { new { content = new { role = "model", parts }, finishReason = finish ?? "FINISH_REASON_UNSPECIFIED", index = 0 } },
            usageMetadata = new { promptTokenCount = 20, cachedContentTokenCount = 8, candidatesTokenCount = 5, thoughtsTokenCount = 2, totalTokenCount = 27 },
            modelVersion = call.Path.Split("/models/")[1].Split(':')[0],
            responseId = $"response_{call.Number}",
        });
    }

    private sealed class OpenAIChat : Dialect
    {
        private static readonly object Usage = new { prompt_tokens = 12, completion_tokens = 4, total_tokens = 16, prompt_tokens_details = new { cached_tokens = 2 } };

        public override IEnumerable<string> Stream(ModelCall call, ModelReply reply)
        {
            yield return Chunk(call, new { role = "assistant", content = "" });
            if (reply is ModelReply.Say say)
            {
                foreach (var piece in Pieces(say.Text, 6))
                {
                    yield return Chunk(call, new { content = piece });
                }
            }
            else if (reply is ModelReply.UseTools tools)
            {
                foreach (var tool in ToolCalls(call, tools))
                {
                    yield return Chunk(call, new { tool_calls = new[] { tool } });
                }
            }

            yield return Chunk(call, new { }, Finish(reply));
            yield return $"data: {JsonSerializer.Serialize(new { id = $"chatcmpl-{call.Number}", @object = "chat.completion.chunk", created = 1_800_000_000, model = Model(call), choices = Array.Empty<object>(), usage = Usage })}\n\n";
            yield return "data: [DONE]\n\n";
        }

        public override string Whole(ModelCall call, ModelReply reply) => JsonSerializer.Serialize(new
        {
            id = $"chatcmpl-{call.Number}",
            @object = "chat.completion",
            created = 1_800_000_000,
            model = Model(call),
            choices = new[] { new { index = 0, message = new { role = "assistant", content = (reply as ModelReply.Say)?.Text, tool_calls = reply is ModelReply.UseTools tools ? ToolCalls(call, tools) : null }, finish_reason = Finish(reply) } },
            usage = Usage,
        });

        private static string Finish(ModelReply reply) => reply is ModelReply.UseTools ? "tool_calls" : "stop";

        private static object[] ToolCalls(ModelCall call, ModelReply.UseTools tools) =>
            [.. tools.Tools.Select((tool, index) => new { index, id = $"call_{call.Number}_{index}", type = "function", function = new { name = tool.Name, arguments = JsonSerializer.Serialize(tool.Input) } })];

        private static string Chunk(ModelCall call, object delta, string? finish = null) =>
            $"data: {JsonSerializer.Serialize(new { id = $"chatcmpl-{call.Number}", @object = "chat.completion.chunk", created = 1_800_000_000, model = Model(call), choices = new[] { new { index = 0, delta, finish_reason = finish } } })}\n\n";
    }
}
