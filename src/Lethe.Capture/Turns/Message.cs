using Lethe.Capture.Decoding.Json;

namespace Lethe.Capture.Turns;

/// <summary>Reads the blocks of a message out of its JSON, in the way of its dialect.</summary>
public delegate IReadOnlyList<Block> BlockReader(ReadOnlyMemory<byte> raw);

/// <summary>One message of a conversation: a role and its blocks. Hashed by its projection, stored whole.</summary>
public sealed record Message
{
    private readonly BlockReader? reader;
    private IReadOnlyList<Block>? blocks;

    /// <param name="role">The wire's own role: <c>user</c>, <c>assistant</c>, <c>system</c>, <c>developer</c>, <c>tool</c>.</param>
    /// <param name="blocks">The content in order; a plain string on the wire is one text block.</param>
    /// <param name="raw">The message as it stood on the wire (JSON), or as reassembled from a stream.</param>
    public Message(string role, IReadOnlyList<Block> blocks, ReadOnlyMemory<byte> raw)
    {
        Role = role;
        Raw = raw;
        this.blocks = blocks;
    }

    /// <summary>A message whose blocks are read when they are first asked for.</summary>
    public Message(string role, ReadOnlyMemory<byte> raw, BlockReader reader)
    {
        Role = role;
        Raw = raw;
        this.reader = reader;
    }

    public string Role { get; init; }

    public ReadOnlyMemory<byte> Raw { get; init; }

    public IReadOnlyList<Block> Blocks
    {
        get => blocks ??= reader!(Raw);
        init => blocks = value;
    }

    /// <summary>The message with other words: its blocks are read anew.</summary>
    public Message Rewritten(ReadOnlyMemory<byte> raw) => reader is null ? this with { Raw = raw } : new Message(Role, raw, reader);
}

/// <summary>
/// One piece of content, in the shape of the tapes project's ContentBlock, which is what node hashes are taken over.
/// Fields that a kind does not use are null.
/// </summary>
public sealed record Block
{
    /// <summary><c>text</c>, <c>thinking</c>, <c>redacted_thinking</c>, <c>tool_use</c>, <c>tool_result</c>, <c>image</c>, or the wire's own word.</summary>
    public required string Type { get; init; }

    public string? Text { get; init; }

    public string? ImageUrl { get; init; }

    public string? ImageBase64 { get; init; }

    public string? MediaType { get; init; }

    public string? ToolUseId { get; init; }

    public string? ToolName { get; init; }

    /// <summary>The tool's input as JSON text.</summary>
    public string? ToolInputJson { get; init; }

    public string? ToolResultId { get; init; }

    public string? ToolOutput { get; init; }

    public bool IsError { get; init; }

    public string? Thinking { get; init; }

    public string? ThinkingSignature { get; init; }

    /// <summary>The block's own JSON, for kinds that have no fields of their own here (server tools, unknown kinds).</summary>
    public string? ContentJson { get; init; }
}
