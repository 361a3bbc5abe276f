namespace Lethe.Capture.Turns;

/// <summary>One message of a conversation: a role and its blocks. Hashed by its projection, stored whole.</summary>
/// <param name="Role">The wire's own role: <c>user</c>, <c>assistant</c>, <c>system</c>, <c>developer</c>, <c>tool</c>.</param>
/// <param name="Blocks">The content in order; a plain string on the wire is one text block.</param>
/// <param name="Raw">The message as it stood on the wire (JSON), or as reassembled from a stream.</param>
public sealed record Message(string Role, IReadOnlyList<Block> Blocks, ReadOnlyMemory<byte> Raw);

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
