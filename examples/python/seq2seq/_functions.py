# SPDX-License-Identifier: MIT
"""What include/seq2seq.h declares, for ctypes. Written by bind.py (make symbols), never by hand."""
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_double, c_float, c_int32, c_int64, c_size_t, c_void_p

from ._pointer import Pointer

S2S_OK = 0
S2S_BAD_ARGUMENT = 1
S2S_BAD_OPTION = 2
S2S_BAD_TEXT = 3
S2S_BAD_FILE = 4
S2S_IO = 5
S2S_OUT_OF_MEMORY = 6
S2S_LIMIT = 7
S2S_UNSUPPORTED = 8
S2S_BUSY = 9
S2S_CANCELLED = 10
S2S_DIVERGED = 11
S2S_LOG_ERROR = 0
S2S_LOG_WARNING = 1
S2S_LOG_INFO = 2
S2S_PROGRESS_UPDATE = 0
S2S_PROGRESS_EVALUATED = 1
S2S_PROGRESS_TRANSLATED = 2
S2S_OPTION_INT = 0
S2S_OPTION_REAL = 1
S2S_OPTION_BOOL = 2
S2S_OPTION_CHOICE = 3
S2S_OPTION_TEXT = 4
S2S_SCOPE_MODEL = 0
S2S_SCOPE_TRAIN = 1
S2S_SCOPE_DECODE = 2
S2S_SCOPE_RUNTIME = 3
S2S_ENDING_MARK = 0
S2S_ENDING_LENGTH = 1
S2S_ENDING_TIME = 2
S2S_ENDING_STUCK = 3
S2S_SOURCE = 0
S2S_TARGET = 1
S2S_TOKEN_UNKNOWN = 0
S2S_TOKEN_BEGIN = 1
S2S_TOKEN_END = 2
S2S_VERSION_MAJOR = 1
S2S_VERSION_MINOR = 0
S2S_VERSION_PATCH = 0

class s2s_options(Pointer): ...
class s2s_model(Pointer): ...
class s2s_result(Pointer): ...
class s2s_tokens(Pointer): ...
class s2s_corpus(Pointer): ...
class s2s_segmenter(Pointer): ...
class s2s_encoder(Pointer): ...
class s2s_memory(Pointer): ...
class s2s_attention(Pointer): ...
class s2s_decoder(Pointer): ...
class s2s_trainer(Pointer): ...
class s2s_metrics(Pointer): ...

s2s_allocate_fn = CFUNCTYPE(c_void_p, c_void_p, c_void_p, c_size_t, c_size_t)
s2s_log_fn = CFUNCTYPE(None, c_void_p, c_int32, c_char_p)
s2s_progress_fn = CFUNCTYPE(c_int32, c_void_p, c_int32, c_int64, c_int64)
s2s_read_fn = CFUNCTYPE(c_int64, c_void_p, c_void_p, c_size_t)
s2s_token_fn = CFUNCTYPE(c_int32, c_void_p, c_size_t, c_char_p, c_size_t, c_size_t, c_int32)
s2s_allreduce_fn = CFUNCTYPE(c_int32, c_void_p, POINTER(c_float), c_size_t)

# name: (result, arguments)
FUNCTIONS = {
    "s2s_version": (c_char_p, []),
    "s2s_abi_version": (c_int32, []),
    "s2s_status_name": (c_char_p, [c_int32]),
    "s2s_error_message": (c_char_p, []),
    "s2s_options_new": (c_int32, [POINTER(s2s_options)]),
    "s2s_options_free": (None, [s2s_options]),
    "s2s_options_set": (c_int32, [s2s_options, c_char_p, c_char_p]),
    "s2s_options_set_int": (c_int32, [s2s_options, c_char_p, c_int64]),
    "s2s_options_set_real": (c_int32, [s2s_options, c_char_p, c_double]),
    "s2s_options_get": (c_int32, [s2s_options, c_char_p, POINTER(c_char_p)]),
    "s2s_options_load": (c_int32, [s2s_options, c_char_p]),
    "s2s_options_set_allocator": (c_int32, [s2s_options, s2s_allocate_fn, c_void_p]),
    "s2s_options_set_log": (c_int32, [s2s_options, s2s_log_fn, c_void_p]),
    "s2s_options_set_progress": (c_int32, [s2s_options, s2s_progress_fn, c_void_p]),
    "s2s_option_count": (c_size_t, []),
    "s2s_option_name": (c_char_p, [c_size_t]),
    "s2s_option_type": (c_int32, [c_size_t]),
    "s2s_option_scope": (c_int32, [c_size_t]),
    "s2s_option_default": (c_char_p, [c_size_t]),
    "s2s_option_range": (c_char_p, [c_size_t]),
    "s2s_option_help": (c_char_p, [c_size_t]),
    "s2s_preset_count": (c_size_t, []),
    "s2s_preset_name": (c_char_p, [c_size_t]),
    "s2s_preset_settings": (c_char_p, [c_size_t]),
    "s2s_preset_pairs": (c_size_t, [c_size_t]),
    "s2s_translate": (c_int32, [s2s_model, s2s_options, POINTER(c_char_p), POINTER(c_size_t), c_size_t, POINTER(s2s_result)]),
    "s2s_score": (c_int32, [s2s_model, s2s_options, POINTER(c_char_p), POINTER(c_size_t), POINTER(c_char_p), POINTER(c_size_t), c_size_t, POINTER(s2s_result)]),
    "s2s_split_document": (c_int32, [s2s_model, s2s_options, c_char_p, c_size_t, POINTER(s2s_tokens)]),
    "s2s_translate_document": (c_int32, [s2s_model, s2s_options, c_char_p, c_size_t, POINTER(s2s_tokens)]),
    "s2s_result_count": (c_size_t, [s2s_result]),
    "s2s_result_hypotheses": (c_size_t, [s2s_result, c_size_t]),
    "s2s_result_text": (c_char_p, [s2s_result, c_size_t, c_size_t]),
    "s2s_result_score": (c_double, [s2s_result, c_size_t, c_size_t]),
    "s2s_result_log_probability": (c_double, [s2s_result, c_size_t, c_size_t]),
    "s2s_result_token_scores": (POINTER(c_float), [s2s_result, c_size_t, c_size_t, POINTER(c_size_t)]),
    "s2s_result_ending": (c_int32, [s2s_result, c_size_t, c_size_t]),
    "s2s_result_tokens": (POINTER(c_int32), [s2s_result, c_size_t, c_size_t, POINTER(c_size_t)]),
    "s2s_result_copied": (c_char_p, [s2s_result, c_size_t, c_int32]),
    "s2s_result_alignment": (POINTER(c_float), [s2s_result, c_size_t, c_size_t, POINTER(c_size_t), POINTER(c_size_t)]),
    "s2s_result_range": (None, [s2s_result, c_size_t, c_size_t, c_size_t, POINTER(c_size_t), POINTER(c_size_t)]),
    "s2s_result_links": (c_size_t, [s2s_result, c_size_t, c_size_t]),
    "s2s_result_link": (c_int32, [s2s_result, c_size_t, c_size_t, c_size_t, POINTER(c_size_t), POINTER(c_size_t)]),
    "s2s_result_free": (None, [s2s_result]),
    "s2s_model_create": (c_int32, [s2s_corpus, s2s_options, POINTER(s2s_model)]),
    "s2s_model_extend": (c_int32, [s2s_model, s2s_corpus, s2s_options, POINTER(s2s_model)]),
    "s2s_model_quantize": (c_int32, [s2s_model, s2s_options, POINTER(s2s_model)]),
    "s2s_model_shortlist": (c_int32, [s2s_model, s2s_corpus, s2s_options, POINTER(s2s_model)]),
    "s2s_model_ensemble": (c_int32, [POINTER(s2s_model), c_size_t, s2s_options, POINTER(s2s_model)]),
    "s2s_model_average": (c_int32, [POINTER(s2s_model), c_size_t, s2s_options, POINTER(s2s_model)]),
    "s2s_model_load": (c_int32, [c_char_p, s2s_options, POINTER(s2s_model)]),
    "s2s_model_load_buffer": (c_int32, [c_void_p, c_size_t, s2s_options, POINTER(s2s_model)]),
    "s2s_model_load_reader": (c_int32, [s2s_read_fn, c_void_p, s2s_options, POINTER(s2s_model)]),
    "s2s_model_save": (c_int32, [s2s_model, c_char_p]),
    "s2s_model_free": (None, [s2s_model]),
    "s2s_model_get": (c_int32, [s2s_model, c_char_p, POINTER(c_char_p)]),
    "s2s_model_vocabulary_size": (c_size_t, [s2s_model, c_int32]),
    "s2s_model_token": (c_char_p, [s2s_model, c_int32, c_int32]),
    "s2s_model_parameter_count": (c_size_t, [s2s_model]),
    "s2s_model_parameter_name": (c_char_p, [s2s_model, c_size_t]),
    "s2s_model_parameter_size": (c_size_t, [s2s_model, c_size_t]),
    "s2s_model_parameter_dims": (c_size_t, [s2s_model, c_size_t]),
    "s2s_model_parameter_dim": (c_size_t, [s2s_model, c_size_t, c_size_t]),
    "s2s_model_parameter_read": (c_int32, [s2s_model, c_size_t, POINTER(c_float), c_size_t]),
    "s2s_model_parameter_write": (c_int32, [s2s_model, c_size_t, POINTER(c_float), c_size_t]),
    "s2s_model_load_parameters": (c_int32, [s2s_model, c_char_p]),
    "s2s_segmenter_new": (c_int32, [s2s_options, c_int32, POINTER(c_char_p), POINTER(c_size_t), c_size_t, POINTER(s2s_segmenter)]),
    "s2s_segmenter_of": (c_int32, [s2s_model, c_int32, POINTER(s2s_segmenter)]),
    "s2s_segmenter_save": (c_int32, [s2s_segmenter, c_char_p]),
    "s2s_segmenter_free": (None, [s2s_segmenter]),
    "s2s_segment": (c_int32, [s2s_segmenter, c_char_p, c_size_t, POINTER(s2s_tokens)]),
    "s2s_join": (c_int32, [s2s_segmenter, POINTER(c_char_p), c_size_t, POINTER(s2s_tokens)]),
    "s2s_tokens_count": (c_size_t, [s2s_tokens]),
    "s2s_tokens_get": (c_char_p, [s2s_tokens, c_size_t]),
    "s2s_tokens_range": (None, [s2s_tokens, c_size_t, POINTER(c_size_t), POINTER(c_size_t)]),
    "s2s_tokens_text": (c_char_p, [s2s_tokens]),
    "s2s_tokens_free": (None, [s2s_tokens]),
    "s2s_encoder_init": (c_int32, [s2s_model, s2s_options, POINTER(s2s_encoder)]),
    "s2s_encode": (c_int32, [s2s_encoder, POINTER(c_char_p), POINTER(c_size_t), c_size_t, POINTER(s2s_memory)]),
    "s2s_encode_ids": (c_int32, [s2s_encoder, POINTER(c_int32), POINTER(c_size_t), c_size_t, POINTER(s2s_memory)]),
    "s2s_encoder_free": (None, [s2s_encoder]),
    "s2s_memory_count": (c_size_t, [s2s_memory]),
    "s2s_memory_dim": (c_size_t, [s2s_memory]),
    "s2s_memory_states": (POINTER(c_float), [s2s_memory, c_size_t, POINTER(c_size_t)]),
    "s2s_memory_tokens": (POINTER(c_int32), [s2s_memory, c_size_t, POINTER(c_size_t)]),
    "s2s_memory_target_size": (c_size_t, [s2s_memory]),
    "s2s_memory_copied": (c_char_p, [s2s_memory, c_size_t, c_int32]),
    "s2s_memory_text": (c_char_p, [s2s_memory, c_size_t, POINTER(c_size_t)]),
    "s2s_memory_range": (None, [s2s_memory, c_size_t, c_size_t, POINTER(c_size_t), POINTER(c_size_t)]),
    "s2s_memory_free": (None, [s2s_memory]),
    "s2s_attention_init": (c_int32, [s2s_model, s2s_options, POINTER(s2s_attention)]),
    "s2s_attention_query_dim": (c_size_t, [s2s_attention]),
    "s2s_attend": (c_int32, [s2s_attention, s2s_memory, c_size_t, POINTER(c_float), c_size_t, POINTER(c_float), POINTER(c_float)]),
    "s2s_attention_free": (None, [s2s_attention]),
    "s2s_decoder_init": (c_int32, [s2s_model, s2s_options, POINTER(s2s_decoder)]),
    "s2s_decode": (c_int32, [s2s_decoder, s2s_memory, POINTER(s2s_result)]),
    "s2s_decoder_set_prefixes": (c_int32, [s2s_decoder, POINTER(c_char_p), POINTER(c_size_t), c_size_t]),
    "s2s_decoder_on_token": (c_int32, [s2s_decoder, s2s_token_fn, c_void_p]),
    "s2s_decoder_start": (c_int32, [s2s_decoder, s2s_memory]),
    "s2s_decoder_step": (c_int32, [s2s_decoder, POINTER(c_int32), POINTER(c_int32), c_size_t, POINTER(POINTER(c_float))]),
    "s2s_decoder_query": (POINTER(c_float), [s2s_decoder, c_size_t, POINTER(c_size_t)]),
    "s2s_decoder_attention": (POINTER(c_float), [s2s_decoder, c_size_t, POINTER(c_size_t)]),
    "s2s_decoder_copy": (c_int32, [s2s_decoder, POINTER(s2s_decoder)]),
    "s2s_decoder_memory": (c_size_t, [s2s_decoder, POINTER(c_size_t)]),
    "s2s_decoder_cancel": (None, [s2s_decoder]),
    "s2s_decoder_clear_cancel": (None, [s2s_decoder]),
    "s2s_decoder_free": (None, [s2s_decoder]),
    "s2s_corpus_new": (c_int32, [s2s_options, POINTER(s2s_corpus)]),
    "s2s_corpus_add": (c_int32, [s2s_corpus, c_char_p, c_size_t, c_char_p, c_size_t]),
    "s2s_corpus_load": (c_int32, [s2s_corpus, c_char_p]),
    "s2s_corpus_load_aligned": (c_int32, [s2s_corpus, c_char_p, c_char_p]),
    "s2s_corpus_size": (c_size_t, [s2s_corpus]),
    "s2s_corpus_text": (c_char_p, [s2s_corpus, c_size_t, c_int32]),
    "s2s_corpus_free": (None, [s2s_corpus]),
    "s2s_trainer_new": (c_int32, [s2s_model, s2s_corpus, s2s_corpus, s2s_options, POINTER(s2s_trainer)]),
    "s2s_trainer_step": (c_int32, [s2s_trainer, POINTER(c_double)]),
    "s2s_trainer_run": (c_int32, [s2s_trainer]),
    "s2s_trainer_evaluate": (c_int32, [s2s_trainer]),
    "s2s_trainer_metrics": (s2s_metrics, [s2s_trainer]),
    "s2s_trainer_model": (c_int32, [s2s_trainer, POINTER(s2s_model)]),
    "s2s_trainer_present": (c_int32, [s2s_trainer, POINTER(s2s_model)]),
    "s2s_trainer_save": (c_int32, [s2s_trainer, c_char_p]),
    "s2s_trainer_resume": (c_int32, [c_char_p, s2s_corpus, s2s_corpus, s2s_options, POINTER(s2s_trainer)]),
    "s2s_trainer_set_allreduce": (c_int32, [s2s_trainer, s2s_allreduce_fn, c_void_p, c_int32, c_int32]),
    "s2s_trainer_cancel": (None, [s2s_trainer]),
    "s2s_trainer_clear_cancel": (None, [s2s_trainer]),
    "s2s_trainer_free": (None, [s2s_trainer]),
    "s2s_evaluate": (c_int32, [s2s_model, s2s_corpus, s2s_options, POINTER(s2s_metrics)]),
    "s2s_metric_texts": (c_int32, [s2s_options, POINTER(c_char_p), POINTER(c_char_p), c_size_t, c_size_t, POINTER(s2s_metrics)]),
    "s2s_metric_compare": (c_int32, [s2s_options, POINTER(c_char_p), POINTER(c_char_p), POINTER(c_char_p), c_size_t, c_size_t, POINTER(s2s_metrics)]),
    "s2s_metrics_count": (c_size_t, [s2s_metrics]),
    "s2s_metrics_name": (c_char_p, [s2s_metrics, c_size_t]),
    "s2s_metrics_value": (c_double, [s2s_metrics, c_size_t]),
    "s2s_metrics_get": (c_int32, [s2s_metrics, c_char_p, POINTER(c_double)]),
    "s2s_metrics_free": (None, [s2s_metrics]),
}
